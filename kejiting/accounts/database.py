"""Pieces of PostgreSQL that the record's invariants are made of."""

from collections.abc import Iterable
from typing import Any

import pgtrigger
from django.contrib.postgres.fields import BigIntegerRangeField
from django.db.models import BigIntegerField, CheckConstraint, Expression, F, Func, Q, Value
from django.db.models.functions import Cast


class SpanOf(Func):
    """A one-number int8range, so that equality can stand in a GiST exclusion constraint.

    GiST has no operator class for plain integers without the ``btree_gist`` extension, which the
    embedded server does not ship; ranges have one built in, and [n, n] && [m, m] is n = m.
    """

    function = "int8range"
    output_field = BigIntegerRangeField()

    def __init__(self, field: str | Expression, *rest: Value, **extra: Any) -> None:
        number = Cast(F(field) if isinstance(field, str) else field, BigIntegerField())
        super().__init__(number, number, *(rest or (Value("[]"),)), **extra)


def is_known(field: str, values: Iterable[str]) -> CheckConstraint:
    """``<model>_<field>_is_known``: the column holds one of the values that its choices name, whoever writes it.

    A field that may be empty names "" among them. Values are said again where the choices are an inner class of the
    model, which its ``Meta`` cannot see; a test holds them together.
    """
    return CheckConstraint(name=f"%(class)s_{field}_is_known", condition=Q(**{f"{field}__in": list(values)}))


def keeps(constraint: str, *fields: str) -> pgtrigger.Trigger:
    """Refuse, by this name, any change of the fields of a row that is there."""
    return pgtrigger.Trigger(
        name=constraint,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange(*fields),
        func=f"RAISE EXCEPTION '{', '.join(fields)} cannot change' USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}';",
    )


# Set for the length of one transaction by `manage.py demo --remove`, and by nothing else.
DEMO_REMOVAL = "kejiting.demo_removal"

_REFUSE = """
    IF TG_OP = 'DELETE' AND OLD.is_demo AND current_setting('{removal}', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
"""


_UNLESS = """
    IF {condition} THEN
        RETURN OLD;
    END IF;
"""


def append_only(
    name: str = "append_only", operation: Any = pgtrigger.Update | pgtrigger.Delete, *, unless: str = ""
) -> pgtrigger.Trigger:
    """Refuse UPDATE and DELETE, or one of them; only the removal of demonstration data may delete demonstration rows.

    ``unless`` is a condition of SQL under which a row may go nevertheless.

    The table must have an ``is_demo`` column. Raises ``IntegrityError`` (SQLSTATE 23001).
    """
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=operation,
        func=(_UNLESS.format(condition=unless) if unless else "") + _REFUSE.format(removal=DEMO_REMOVAL),
    )
