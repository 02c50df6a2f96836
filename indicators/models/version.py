"""What rows that can be edited said before: kept by the database, whoever changed them and by whatever means."""

from datetime import datetime
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

# The row's columns that a version has, by their names; an update that touches none of them makes no version.
_KEEP = """
    IF TG_OP = 'UPDATE' AND jsonb_populate_record(NULL::indicators_{subject}version, to_jsonb(NEW))
            IS NOT DISTINCT FROM jsonb_populate_record(NULL::indicators_{subject}version, to_jsonb(OLD)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO indicators_{subject}version
        SELECT version.* FROM jsonb_populate_record(NULL::indicators_{subject}version, to_jsonb(NEW) || jsonb_build_object(
            'id', nextval(pg_get_serial_sequence('indicators_{subject}version', 'id')),
            '{subject}_id', NEW.id,
            'recorded_at', CASE TG_OP WHEN 'INSERT' THEN NEW.recorded_at ELSE clock_timestamp() END)) version;
    RETURN NULL;
"""


def keeps_versions(subject: str) -> pgtrigger.Trigger:
    """Write a version of the model of this name with each change of it."""
    return pgtrigger.Trigger(
        name="keeps_versions", when=pgtrigger.After, operation=pgtrigger.Insert | pgtrigger.Update, func=_KEEP.format(subject=subject)
    )


class VersionQuerySet(models.QuerySet[Any]):
    def as_of(self, at: datetime) -> "VersionQuerySet":
        """What each row said at a moment; one not yet recorded has nothing here."""
        subject = f"{self.model.SUBJECT}_id"
        newest = self.filter(recorded_at__lte=at).order_by(subject, "-pk").distinct(subject)
        return self.filter(pk__in=newest.values("pk"))


class Version(models.Model):
    """What a row said from a moment on; the newest says what it says now. ``SAID`` is all that it holds of the row."""

    SUBJECT: ClassVar[str]
    SAID: ClassVar[tuple[str, ...]]

    recorded_at = models.DateTimeField(_("登记时间"))
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = VersionQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["pk"]

    def set_back(self, row: models.Model) -> None:
        """Let the row say this again; nothing of it is saved."""
        for name in self.SAID:
            setattr(row, name, getattr(self, name))
