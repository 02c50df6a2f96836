"""A plan as its page shows it: counts and what needs a person's eye, bounded whatever the length of the file."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from kejiting.accounts.models import Area

from ...formatting import format_value
from ...models import Document, Indicator
from ...units import get_factor
from .plan import CREATE, NEW, REVISED, UNCHANGED, ImportedFigure, StatisticsPlan, UnknownIndicator, name_rows

MOST_REFUSALS, MOST_REVISIONS, MOST_NAMES, MOST_WARNINGS, MOST_SOURCES = 100, 200, 200, 60, 100

Preview = dict[str, Any]


def describe(plan: StatisticsPlan) -> Preview:
    """As JSON, to be kept with the upload and shown again."""
    areas = {area.pk: area.short_zh for area in Area.objects.all()}
    revisions = [f for f in plan.figures if f.outcome == REVISED]
    return {
        "form": plan.sheet.form,
        "ignored": plan.sheet.ignored[:20],
        "rows": len(plan.sheet.rows),
        "counts": _count(plan),
        "missing": [[mark, n] for mark, n in plan.missing.most_common(8)],
        "refused": [
            {"column": column, "reason": reason, "rows": name_rows(rows), "rule": plan.rules.get(reason)}
            for (column, reason), rows in list(plan.refused.items())[:MOST_REFUSALS]
        ],
        "more_refused": max(len(plan.refused) - MOST_REFUSALS, 0),
        "areas": [
            {"name": a.name, "rows": a.rows, "choice": a.choice, "suggestions": [[s.code, s.name_zh] for s in a.suggestions]}
            for a in plan.areas[:MOST_NAMES]
        ],
        "indicators": [_describe_unknown(i) for i in plan.indicators[:MOST_NAMES]],
        "more_names": max(len(plan.areas) - MOST_NAMES, 0) + max(len(plan.indicators) - MOST_NAMES, 0),
        "created": len(plan.created),
        "too_many": plan.too_many,
        "may_create": plan.choices.may_create,
        "open_questions": plan.open_questions,
        "warnings": [{"sentence": sentence, "rule": plan.rules.get(sentence)} for sentence in plan.warnings[:MOST_WARNINGS]],
        "more_warnings": max(len(plan.warnings) - MOST_WARNINGS, 0),
        "by_indicator": list(_summarise(plan.figures)),
        "revised": [_describe_revision(f, areas) for f in sorted(revisions, key=_change, reverse=True)[:MOST_REVISIONS]],
        "more_revised": max(len(revisions) - MOST_REVISIONS, 0),
        "sources": list(_describe_sources(plan.changes))[:MOST_SOURCES],
        "is_ready": plan.is_ready,
    }


def _count(plan: StatisticsPlan) -> dict[str, int]:
    counts = {outcome: plan.count(outcome) for outcome in (NEW, REVISED, UNCHANGED)}
    counts |= {"missing": plan.missing.total(), "repeated": plan.repeated, "skipped": plan.skipped, "refused": plan.refused_rows}
    return counts | {"asked": len(plan.sheet.rows) - sum(counts.values())}


def _describe_unknown(asked: UnknownIndicator) -> dict[str, Any]:
    made = asked.proposal
    return {
        "key": asked.key,
        "name_zh": asked.sample.name_zh,
        "rows": asked.sample.rows,
        "units": "、".join(unit for unit in asked.sample.units if unit),
        "choice": asked.choice,
        "problem": asked.problem,
        "suggestions": [[s.code, s.name_zh] for s in asked.suggestions if s.origin == Indicator.Origin.OFFICIAL],
        "needs_code": made.code != asked.key,
        "proposal": {name: str(getattr(made, name)) for name in ("code", "name_zh", "unit_of_measure", "accumulation", "direction")},
        "said": _("按%(frequency)s发布，%(n)s 位小数") % {"frequency": made.get_frequency_display(), "n": made.decimals},
        "is_created": asked.choice == CREATE,
    }


def _summarise(figures: Iterable[ImportedFigure]) -> Iterable[dict[str, Any]]:
    groups: dict[str, list[ImportedFigure]] = defaultdict(list)
    for figure in figures:
        groups[figure.indicator.code].append(figure)
    for code, rows in groups.items():
        indicator, periods = rows[0].indicator, sorted({f.period for f in rows})
        yield {
            "code": code,
            "name": indicator.name_zh,
            "is_new": indicator.pk is None,
            "is_demo": indicator.is_demo,
            "units": "；".join(_say_conversion(unit, indicator.unit_of_measure) for unit in sorted({f.unit for f in rows})),
            "periods": periods[0] if len(periods) == 1 else f"{periods[0]}—{periods[-1]}",
            "areas": len({f.area for f in rows}),
            **{outcome: sum(f.outcome == outcome for f in rows) for outcome in (NEW, REVISED, UNCHANGED)},
        }


def _say_conversion(stated: str, kept: str) -> str:
    factor = get_factor(stated, kept)
    if factor is None or factor == 1:
        return kept
    rule = f"×{factor.normalize():,f}" if factor > 1 else f"÷{(1 / factor).normalize():,f}"
    return _("%(stated)s 换算为 %(kept)s（%(rule)s）") % {"stated": stated, "kept": kept, "rule": rule}


def _change(figure: ImportedFigure) -> Decimal:
    """How much a revision moves the figure, as a share of what it was."""
    before = figure.before.value if figure.before else None
    if before is None:
        return Decimal(0)
    return abs(figure.value - before) / abs(before) if before else abs(figure.value)


def _describe_revision(figure: ImportedFigure, areas: dict[str, str]) -> dict[str, Any]:
    before, unit, decimals = figure.before, figure.indicator.unit_of_measure, figure.indicator.decimals
    old = before.value if before else None
    said = {
        "row": figure.row,
        "indicator": figure.indicator.name_zh,
        "area": areas[figure.area],
        "period": figure.period,
        "before": format_value(old, unit, decimals=decimals),
        "after": format_value(figure.value, unit, decimals=decimals),
        "change": "",
    }
    if old == figure.value:
        said["change"] = _("数值不变，只补记发布日期或状态")
    elif old:
        said["change"] = f"{(figure.value - old) / abs(old) * 100:+.1f}%"
    return said


def _describe_sources(figures: Iterable[ImportedFigure]) -> Iterable[dict[str, Any]]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for figure in figures:
        counts[figure.source.title, figure.published_on.isoformat() if figure.published_on else ""] += 1
    known = set(Document.objects.filter(title__in={title for title, _day in counts}).values_list("title", "issued_on"))
    titles = {title for title, _day in known}
    for (title, day), n in counts.items():
        is_known = any(title == t and day == (d.isoformat() if d else "") for t, d in known) if day else title in titles
        yield {"title": title, "published_on": day, "figures": n, "is_new": not is_known}
