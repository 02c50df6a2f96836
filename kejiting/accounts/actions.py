"""Verbs on units and accounts."""

from datetime import date

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from .models import Unit, UnitVersion


@transaction.atomic
def keep_unit_version(unit: Unit, *, on: date, reason: str = "") -> UnitVersion:
    """Begin a new version of a unit's name and parent on a day; the version before ends there.

    Of two changes on one day the later counts.
    """
    names = {"parent": unit.parent, "name_zh": unit.name_zh, "name_en": unit.name_en, "reason": reason}
    current = UnitVersion.objects.select_for_update().filter(unit=unit, valid__contains=on).first()
    if current is not None:
        if current.valid.lower == on:
            UnitVersion.objects.filter(pk=current.pk).update(**names)
            current.refresh_from_db()
            return current
        current.valid = DateRange(current.valid.lower, on)
        current.save(update_fields=["valid"])
    return UnitVersion.objects.create(unit=unit, valid=DateRange(on, None), **names)
