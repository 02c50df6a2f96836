"""Taking the demonstration away: every row of it, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, connection, models, transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _
from psycopg2 import sql

from indicators.actions.definitions import remove_demo_thresholds
from indicators.evidence_files import discard
from indicators.models import Evidence, Indicator, IndicatorDefinition
from indicators.recompute import runner
from kejiting.accounts.database import DEMO_REMOVAL
from kejiting.accounts.models import AuditEvent, User

from .make import DemoRefused


@dataclass(frozen=True)
class Reference:
    """A row of ``child`` that belongs to a row of ``parent`` and goes with it."""

    child: type[models.Model]
    column: str
    parent: type[models.Model]


def remove_demo(*, recompute: bool = True) -> int:
    """Delete everything that is demonstration; how many rows. Raises ``DemoRefused`` where a real row hangs on one."""
    try:
        removed = _remove()
    except IntegrityError as error:
        raise DemoRefused(_word(error)) from error
    if recompute:
        runner.run()
    return removed


@transaction.atomic
def _remove() -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET LOCAL {} = 'on'").format(sql.SQL(DEMO_REMOVAL)))
        # Foreign keys are looked at once everything is gone, so the order does not matter: rows that refer to themselves,
        # and indicators and definitions that refer to each other, need no special care.
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    files = list(Evidence.objects.filter(is_demo=True).values_list("pk", flat=True))
    transaction.on_commit(lambda: discard(files))
    _give_back_definitions()
    removed = remove_demo_thresholds() + _end_sessions()
    removed += sum(_delete_belonging(reference) for reference in list_references())
    removed += sum(_delete_demo(model) for model in list_demo_models())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    if removed:
        AuditEvent.objects.create(verb="demo.remove", object_kind="demo", object_key="", detail={"rows": removed})
        runner.mark_everything(cause="demo --remove")
    return removed


def list_demo_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if _has_mark(model)]


def list_references() -> Iterator[Reference]:
    """What has no mark of its own: lines of a return, steps of a platform, links between tasks and units …

    A reference that may be empty says who did something, not whose the row is: such a row stays, and is reported.
    """
    for model in apps.get_models(include_auto_created=True):
        if _has_mark(model):
            continue
        for field in model._meta.get_fields():
            if not isinstance(field, models.ForeignKey) or not _has_mark(field.remote_field.model):
                continue
            if not field.null or field.remote_field.on_delete is models.CASCADE:
                yield Reference(model, field.column, field.remote_field.model)


def _has_mark(model: type[models.Model]) -> bool:
    try:
        return model._meta.get_field("is_demo").concrete
    except FieldDoesNotExist:
        return False


def _delete_demo(model: type[models.Model]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DELETE FROM {} WHERE is_demo").format(sql.Identifier(model._meta.db_table)))
        return int(cursor.rowcount)


def _delete_belonging(reference: Reference) -> int:
    parent = reference.parent._meta
    statement = sql.SQL("DELETE FROM {child} WHERE {column} IN (SELECT {key} FROM {parent} WHERE is_demo)").format(
        child=sql.Identifier(reference.child._meta.db_table),
        column=sql.Identifier(reference.column),
        key=sql.Identifier(parent.pk.column),
        parent=sql.Identifier(parent.db_table),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


def _give_back_definitions() -> None:
    """A real indicator whose definition a demonstration account changed has its last real one again."""
    last = IndicatorDefinition.objects.filter(indicator=OuterRef("pk"), is_demo=False).order_by("-version").values("pk")[:1]
    Indicator.objects.filter(is_demo=False, current_definition__is_demo=True).update(current_definition=Subquery(last))


def _end_sessions() -> int:
    """Sessions hold their user in their data alone."""
    users = {str(pk) for pk in User.objects.filter(is_demo=True).values_list("pk", flat=True)}
    ended = [session.pk for session in Session.objects.iterator() if session.get_decoded().get("_auth_user_id") in users]
    return Session.objects.filter(pk__in=ended).delete()[0]


def _word(error: IntegrityError) -> str:
    """Which table still refers to which, in the words of the screens."""
    found = getattr(error.__cause__, "diag", None)
    names = {model._meta.db_table: str(model._meta.verbose_name) for model in apps.get_models(include_auto_created=True)}
    table = getattr(found, "table_name", None) or ""
    return _("演示数据没有删除：“%(what)s”里还有非演示的记录引用了演示数据（%(detail)s）。请先更改这些记录。") % {
        "what": names.get(table, table),
        "detail": getattr(found, "message_detail", None) or str(error),
    }
