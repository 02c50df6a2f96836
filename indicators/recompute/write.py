"""Writing what changed: the rest stays as it is, with its id and its time."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import Q

from ..models import IndexEstimate, IndexScore, Period, RecomputeRun, Result
from .rows import Row

Columns = tuple[Any, ...]
Computed = Row | IndexEstimate | IndexScore


@dataclass(frozen=True)
class Table:
    """A table of computed rows: what each is about, of which one row is current, and what it says."""

    model: type[Result | IndexEstimate | IndexScore]
    subject: tuple[str, ...]
    content: tuple[str, ...]

    @property
    def get_subject(self) -> Callable[[Computed], Columns]:
        return attrgetter(*self.subject)

    @property
    def get_content(self) -> Callable[[Computed], Columns]:
        return attrgetter(*self.content)


_ALWAYS = ("method", "version", "classification", "is_released", "is_demo")
RESULTS = Table(
    Result,
    ("measure", "indicator_id", "area_id", "breakdown_id", "target_id", "task_id", "aspect_id", "period_id"),
    ("value", "text", "detail", *_ALWAYS),
)
ESTIMATES = Table(
    IndexEstimate,
    ("framework_id", "period_id"),
    (
        *("weights_id", "problem", "problem_detail", "leaves_used", "leaves_all", "coverage"),
        *("structure", "rules", "draws", "seed", "fingerprint", *_ALWAYS),
    ),
)
SCORES = Table(
    IndexScore,
    ("framework_id", "node_id", "area_id", "period_id"),
    (
        *("observation_id", "value", "score", "rank", "reason", "coverage", "points"),
        *("rank_median", "rank_low", "rank_high", "chance_better", "change", *_ALWAYS),
    ),
)


def write(rows: Iterable[Computed], *, among: Q, run: RecomputeRun, now: datetime, table: Table = RESULTS) -> int:
    """Make ``rows`` the current ones ``among`` a run's subjects. How many rows were added or superseded.

    A current row that says the same stays; one that says something else, or nothing is computed for any more,
    is superseded.
    """
    get_subject, get_content = table.get_subject, table.get_content
    computed = {get_subject(row): row for row in rows}
    current = _load_current(table, among)
    added = {subject: row for subject, row in computed.items() if subject not in current or get_content(row) != current[subject][1]}
    gone = [pk for subject, (pk, _content) in current.items() if subject in added or subject not in computed]
    if gone:
        table.model.objects.filter(pk__in=gone).update(superseded_at=now)
    _add_periods(added.values())
    _copy(added, table, run, now)
    return len(added) + sum(subject not in computed for subject in current)


def _load_current(table: Table, among: Q) -> dict[Columns, tuple[int, Columns]]:
    """By subject: the current row's id and what it says. Bare rows, since most of them are compared and left."""
    rows = table.model.objects.current().filter(among).values_list("pk", *table.subject, *table.content)
    many = 1 + len(table.subject)
    return {row[1:many]: (row[0], row[many:]) for row in rows}


def _add_periods(rows: Iterable[Computed]) -> None:
    """A year that is only computed (the sum of its quarters) may have no row yet."""
    labels = {r.period_id for r in rows if r.period_id}
    for label in sorted(labels - set(Period.objects.filter(pk__in=labels).values_list("pk", flat=True))):
        Period.objects.get_or_add(label)


# -- COPY ----------------------------------------------------------------------------------------


def _copy(rows: dict[Columns, Computed], table: Table, run: RecomputeRun, now: datetime) -> None:
    """By COPY: a full recomputation writes millions of rows, for which INSERT takes several times as long."""
    if not rows:
        return
    own = (*table.subject, *table.content)
    get_columns, writers = attrgetter(*own), [_get_writer(table.model, name) for name in own]
    tail = f"\t{run.pk}\t{now.isoformat()}\n"
    lines = io.StringIO()
    # In the order of the rows they refer to, so that two writers lock those in one order.
    for subject in sorted(rows, key=repr):
        row = zip(writers, get_columns(rows[subject]), strict=True)
        lines.write("\t".join(["\\N" if value is None else write_value(value) for write_value, value in row]))
        lines.write(tail)
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(_say_copy(table.model, (*own, "run_id", "computed_at")), lines)


def _say_copy(model: type[models.Model], columns: Sequence[str]) -> str:
    quote = connection.ops.quote_name
    return f"COPY {quote(model._meta.db_table)} ({', '.join(map(quote, columns))}) FROM STDIN"


_encode = DjangoJSONEncoder(ensure_ascii=False).encode
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@lru_cache(maxsize=4096)
def _escape(value: object) -> str:
    """Codes, labels and words, of which a run has few."""
    return str(value).translate(_ESCAPES)


def _write_json(value: object) -> str:
    """JSON has its control characters escaped already."""
    return _encode(value).replace("\\", "\\\\")


def _get_writer(model: type[models.Model], name: str) -> Callable[[Any], str]:
    """How a column's value is written in COPY's text format."""
    field = next(f for f in model._meta.concrete_fields if f.attname == name)
    if isinstance(field, models.JSONField):
        return _write_json
    return str if isinstance(field, models.BooleanField | models.DecimalField | models.IntegerField) else _escape
