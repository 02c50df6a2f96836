"""Taking a file of statistics into the record: all of its figures, each as a vintage with its source, or none.

What is published is a fact whoever brings it. So figures of real indicators that a demonstration account
imports are real, and stay when the demonstration is removed; the account's name then goes with the account,
and the batch keeps the file's name and hash, the document and the moment. An indicator that a demonstration
account makes is demonstration, as everything it makes, and so are its figures.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ..changes import values_of
from ..constraints import explained
from ..errors import NotAllowed, NotReady, Problem, WrongState
from ..imports.published.plan import (
    MOST_CREATED,
    NEW,
    REVISED,
    UNCHANGED,
    Choices,
    ImportedFigure,
    Source,
    StatisticsPlan,
    name_rows,
)
from ..imports.published.read import plan_statistics
from ..imports.published.sheet import StatisticsSheet
from ..models import Document, ImportBatch, Indicator, Period
from ..periods import parse_label
from .definitions.documents import DOCUMENT_FIELDS
from .definitions.indicators import add_indicator
from .observations import Statement, record_observations

KIND = "statistics"
# So many rows at once keep memory bounded whatever the file's length.
CHUNK = 5_000
_MOST_PROBLEMS = 200

Publication = tuple[str, date | None]


@transaction.atomic
def import_statistics(
    sheet: StatisticsSheet, *, choices: Choices, by: User | None, name: str, sha256: str, expected: str = ""
) -> tuple[ImportBatch | None, StatisticsPlan]:
    """Take the file into the record; no batch where it says nothing new.

    ``by`` is None for the command line. ``expected`` is the fingerprint of the preview that was confirmed:
    ``WrongState`` when the record has changed since. ``NotReady`` names the rows that cannot be taken.
    """
    if by is not None and not by.has_perm("statistics.import"):
        raise NotAllowed
    # One import at a time, and no figure of these indicators between looking and writing.
    list(Indicator.objects.select_for_update(no_key=True).filter(origin=Indicator.Origin.OFFICIAL).order_by("pk").values_list("pk"))
    plan = plan_statistics(sheet, choices=choices, by=by)
    _require_ready(plan, expected)
    if not plan.changes:
        return None, plan
    with explained():
        _create_indicators(plan, by=by)
        batch = _record(plan, by=by, name=name, sha256=sha256)
    return batch, plan


def _require_ready(plan: StatisticsPlan, expected: str) -> None:
    if plan.refused:
        problems = [Problem(name_rows(rows), f"{column}：{reason}") for (column, reason), rows in islice(plan.refused.items(), _MOST_PROBLEMS)]
        raise NotReady(_("有 %(n)s 行不能导入，一行也没有导入。请改正文件后重新上传。") % {"n": plan.refused_rows}, problems)
    if plan.open_questions:
        raise NotReady(_("有 %(n)s 个地区或指标的名称不在册，请先选择怎样处理。") % {"n": plan.open_questions}, [])
    if plan.created and not plan.choices.may_create:
        raise NotReady(_("文件里有 %(n)s 个指标不在册，请先确认新建。") % {"n": len(plan.created)}, [])
    if plan.too_many:
        raise NotReady(_("一次最多新建 %(n)s 个指标：请核对文件的“指标”一列。") % {"n": MOST_CREATED}, [])
    if expected and expected != plan.fingerprint:
        raise WrongState(_("预览之后记录或选择又有变动，请核对新的预览后再确认。"))


def _create_indicators(plan: StatisticsPlan, *, by: User | None) -> None:
    """Make the proposed indicators, and let the plan's figures be of the ones that were made."""
    figures: dict[str, list[ImportedFigure]] = defaultdict(list)
    for figure in plan.figures:
        if figure.indicator.pk is None:
            figures[figure.indicator.code].append(figure)
    for proposal in plan.created:
        of_it = figures.get(proposal.code)
        if not of_it:
            continue
        text = _("导入统计数据时建立；口径以“%(source)s”所载为准。") % {"source": of_it[0].source.title}
        names = ("name_zh", "name_en", "unit_of_measure", "decimals", "direction", "accumulation", "origin", "frequency", "minimum")
        values: dict[str, Any] = {name: getattr(proposal, name) for name in names}
        begin = min(parse_label(f.period).starts_on for f in of_it)
        made = add_indicator(by=by, code=proposal.code, text_zh=text, valid_from=begin, **values)
        for figure in of_it:
            figure.indicator = made


def _record(plan: StatisticsPlan, *, by: User | None, name: str, sha256: str) -> ImportBatch:
    changes = plan.changes
    demo = all(f.indicator.is_demo for f in changes)
    documents = _find_documents(changes, by=by)
    only = next(iter(documents.values())) if len(documents) == 1 else None
    batch = ImportBatch.objects.create(
        kind=KIND, name=name, sha256=sha256, document=only, imported_by=_name_of(by, demo=demo), is_demo=demo
    )
    for label in {f.period for f in changes}:
        Period.objects.get_or_add(label)
    statements = (_state(figure, documents[_publication(figure)], batch) for figure in sorted(changes, key=lambda f: f.cell))
    while chunk := list(islice(statements, CHUNK)):
        record_observations(chunk, cause=f"import {batch.pk}")
    detail: dict[str, Any] = {
        "name": name,
        "sha256": sha256,
        "counts": {outcome: plan.count(outcome) for outcome in (NEW, REVISED, UNCHANGED)} | {"missing": plan.missing.total(), "skipped": plan.skipped},
        "documents": sorted(document.pk for document in documents.values()),
        "created": [indicator.code for indicator in plan.created],
        "choices": {"areas": dict(plan.choices.areas), "indicators": dict(plan.choices.indicators)},
    }
    _note("statistics.import", batch, by=by, **detail)
    return batch


def _name_of(by: User | None, *, demo: bool) -> User | None:
    """Nothing real names an account of the demonstration, which goes with it."""
    return None if by and by.is_demo and not demo else by


def _note(verb: str, thing: ImportBatch | Document, *, by: User | None, **detail: Any) -> None:
    named = _name_of(by, demo=thing.is_demo)
    if by and named is None:
        detail["account"] = by.username
    record_event(verb, thing, by=named, **detail)


# -- documents and statements --------------------------------------------------------------------


def _publication(figure: ImportedFigure) -> Publication:
    return figure.source.title, figure.published_on


def _find_documents(figures: Iterable[ImportedFigure], *, by: User | None) -> dict[Publication, Document]:
    """The document of each publication: the one on record of that title and day, or a new one.

    Where the file states no day, any edition on record is the one meant, the newest first.
    """
    is_demo: dict[Publication, bool] = {}
    for figure in figures:
        is_demo[_publication(figure)] = is_demo.get(_publication(figure), True) and figure.indicator.is_demo
    return {publication: _find_document(*publication, by=by, demo=demo) for publication, demo in is_demo.items()}


def _find_document(title: str, issued_on: date | None, *, by: User | None, demo: bool) -> Document:
    found = Document.objects.filter(title=title, **({"issued_on": issued_on} if issued_on else {}))
    # What is real stands on no demonstration document.
    document = found.filter(is_demo=False).first() or (found.filter(is_demo=True).first() if demo else None)
    if document is None:
        document = Document.objects.create(title=title, issued_on=issued_on, is_demo=demo)
        _note("document.add", document, by=by, values=values_of(document, DOCUMENT_FIELDS))
    return document


def _state(figure: ImportedFigure, document: Document, batch: ImportBatch) -> Statement:
    return Statement(
        indicator=figure.indicator,
        area=figure.area,
        period=figure.period,
        value=figure.value,
        status=figure.status,
        stated=figure.stated,
        note=_word_source(figure.source),
        published_on=figure.published_on,
        document_id=document.pk,
        origin={"batch": batch},
    )


def _word_source(source: Source) -> str:
    return _("来源注明：%(note)s") % {"note": source.note} if source.note else ""
