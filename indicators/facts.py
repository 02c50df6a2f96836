"""The facts the system starts with, from ``fixtures/``: places, units, the plan, indicators, targets, figures.

Each row names its source; ``data/README.md`` says where the files come from. Loading twice adds nothing.
"""

import csv
import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from kejiting.accounts.models import Area, Unit, UnitVersion

from .actions.counts import count_registers
from .actions.frameworks import load_framework, supply_nodes
from .actions.marks import mark_indicators
from .actions.observations import Statement, record_observations
from .analysis.formula import parse
from .models import (
    Aspect,
    Breakdown,
    Document,
    HeadlineIndicator,
    ImportBatch,
    IndexFramework,
    Indicator,
    IndicatorDefinition,
    IndicatorDependency,
    LightThreshold,
    Period,
    Plan,
    Rule,
    Target,
)
from .sources import get_loaders

FIXTURES = settings.BASE_DIR / "fixtures"
# From when the first definitions hold: before the earliest figure there is.
VALID_FROM = date(2010, 1, 1)
YI = 10_000  # 亿元 in 万元, the unit money is stored in

Row = dict[str, str]


def read(name: str) -> Iterator[Row]:
    """The rows of ``fixtures/<name>.csv``."""
    with (FIXTURES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@transaction.atomic
def load_facts() -> dict[str, int]:
    """Load everything; how many of what there are in the record afterwards."""
    Breakdown.objects.get_or_create(code=Breakdown.TOTAL, defaults={"name_zh": "合计", "name_en": "Total"})
    _load_areas()
    _load_units()
    documents = _load_documents()
    _load_plans(documents)
    indicators = _load_indicators()
    _load_rules()
    _load_headlines(indicators)
    _load_targets(documents, indicators)
    _load_observations(documents, indicators)
    _load_frameworks(documents)
    counts = {model._meta.verbose_name.__str__(): model.objects.filter(is_demo=False).count() for model in (Unit, Document, Indicator, Target)}
    for load in get_loaders():
        counts |= load()
    count_registers()
    return counts


def get_documents() -> dict[str, Document]:
    """The documents of the fixtures by their key, for the other apps' facts."""
    titles = {row["key"]: (row["title"], row["issued_on"] or None) for row in read("documents")}
    return {key: Document.objects.get(title=title, issued_on=issued) for key, (title, issued) in titles.items()}


def _load_areas() -> None:
    for row in read("areas"):
        Area.objects.get_or_create(
            code=row["code"],
            defaults={
                "level": row["level"],
                "parent_id": row["parent"] or None,
                "name_zh": row["name_zh"],
                "short_zh": row["short_zh"],
                "name_en": row["name_en"],
                "tile_column": _int(row["tile_column"]),
                "tile_row": _int(row["tile_row"]),
                "is_ranked": row["is_ranked"] == "1",
            },
        )


def _load_units() -> None:
    for row in read("units"):
        names = {"name_zh": row["name_zh"], "name_en": row["name_en"]}
        unit, is_new = Unit.objects.get_or_create(code=row["code"], defaults={"kind": row["kind"], "area_id": row["area"] or None, **names})
        if is_new:
            UnitVersion.objects.create(unit=unit, valid=DateRange(VALID_FROM, None), **names)


def _load_documents() -> dict[str, Document]:
    found = {}
    for row in read("documents"):
        identity = {"title": row["title"], "issued_on": _date(row["issued_on"])}
        rest = {name: row[name] for name in ("kind", "number", "issuer", "url", "note")}
        found[row["key"]] = Document.objects.get_or_create(**identity, defaults=rest)[0]
    return found


def _load_plans(documents: dict[str, Document]) -> None:
    for row in read("plans"):
        names = {name: row[name] for name in ("name_zh", "name_en", "programme_zh", "starts_on", "ends_on")}
        # Another plan may have become the current one since.
        is_current = row["is_current"] == "1" and not Plan.objects.filter(is_current=True).exists()
        plan, is_new = Plan.objects.get_or_create(
            code=row["code"], defaults={**names, "document": documents[row["document"]], "is_current": is_current}
        )
        for aspect in read("aspects"):
            Aspect.objects.get_or_create(plan=plan, number=aspect["number"], defaults={n: aspect[n] for n in ("name_zh", "name_en")})
        if is_new:
            LightThreshold.objects.create(plan=plan, valid=DateRange(_date(row["starts_on"]), None))


def _load_indicators() -> dict[str, Indicator]:
    rows = list(read("indicators"))
    found = {row["code"]: _load_indicator(row) for row in rows}
    for row in rows:
        indicator = found[row["code"]]
        if row["stated_as"] and indicator.stated_as_id is None:
            indicator.stated_as = found[row["stated_as"]]
            indicator.save(update_fields=["stated_as"])
        if row["formula"] and not indicator.dependencies.exists():
            _link(indicator, row["formula"], found)
    return found


def _load_indicator(row: Row) -> Indicator:
    names = ("name_zh", "name_en", "short_zh", "unit_of_measure", "direction", "accumulation", "origin", "frequency", "publisher", "area_level")
    limits = {name: Decimal(row[name]) if row[name] else None for name in ("minimum", "maximum")}
    defaults = {**{name: row[name] for name in names}, **limits, "decimals": int(row["decimals"])}
    indicator, is_new = Indicator.objects.get_or_create(code=row["code"], defaults=defaults)
    if is_new:
        indicator.current_definition = IndicatorDefinition.objects.create(
            indicator=indicator, version=1, text_zh=row["definition"], formula=row["formula"], valid_from=VALID_FROM
        )
        indicator.save(update_fields=["current_definition"])
    return indicator


def _link(indicator: Indicator, formula: str, found: dict[str, Indicator]) -> None:
    """The edges the recomputation follows; ``x.000000`` is x as the nation has it."""
    reads = {code if code in found else code.rpartition(".")[0] for code in parse(formula).codes}
    IndicatorDependency.objects.bulk_create([IndicatorDependency(indicator=indicator, reads=found[code]) for code in sorted(reads)])
    mark_indicators([(indicator.pk, None)], cause="facts")


def _load_rules() -> None:
    for row in read("rules"):
        Rule.objects.get_or_create(code=row["code"], version=1, defaults={name: row[name] for name in ("formula", "severity", "sentence_zh")})


def _load_headlines(indicators: dict[str, Indicator]) -> None:
    for row in read("headlines"):
        plan = Plan.objects.get(code=row["plan"])
        HeadlineIndicator.objects.get_or_create(plan=plan, indicator=indicators[row["indicator"]], defaults={"position": row["position"]})


def _load_targets(documents: dict[str, Document], indicators: dict[str, Indicator]) -> None:
    touched = set()
    for row in read("targets"):
        indicator = indicators[row["indicator"]]
        identity = {
            "document": documents[row["document"]],
            "indicator": indicator,
            "area_id": settings.HOME_AREA,
            "period": Period.objects.get_or_add(row["period"]),
            "kind": row["kind"],
        }
        names = ("comparison", "value", "unit_of_measure", "stated", "basis", "baseline_note", "reason")
        rest = {**{name: row[name] for name in names}, "baseline_value": row["baseline_value"] or None}
        # One that was withdrawn is not brought back.
        if not Target.objects.filter(**identity).exists():
            Target.objects.create(**identity, **rest)
            touched.add((indicator.pk, settings.HOME_AREA))
    mark_indicators(touched, cause="facts")


def _load_observations(documents: dict[str, Document], indicators: dict[str, Indicator]) -> None:
    """Each file is one batch; a file loaded before adds only what it says anew."""
    for name, state in (("provinces_rd", _state_rd), ("regional_rank_2024", _state_rank), ("observations", _state_own)):
        statements = [statement for row in read(name) for statement in state(row, documents, indicators)]
        for label in {s.period for s in statements}:
            Period.objects.get_or_add(label)
        content = (FIXTURES / f"{name}.csv").read_bytes()
        batch, _is_new = ImportBatch.objects.get_or_create(
            kind="facts", name=f"fixtures/{name}.csv", sha256=hashlib.sha256(content).hexdigest()
        )
        for statement in statements:
            statement.origin["batch"] = batch
        record_observations(statements, cause="facts", only_changes=True)


State = Callable[[Row, dict[str, Document], dict[str, Indicator]], Iterator[Statement]]


def _state_rd(row: Row, documents: dict[str, Document], indicators: dict[str, Indicator]) -> Iterator[Statement]:
    """A province's R&D in a year, as that year's bulletin had it first."""
    document = documents[f"bulletin{row['year']}"]
    amount, intensity = row["rd_expenditure_yi_yuan"], row["rd_intensity_pct"]
    for code, value, stated, said in (
        ("rd_expenditure", Decimal(amount) * YI, f"{amount}亿元", row["note"]),
        ("rd_intensity", Decimal(intensity), f"{intensity}%", ""),
    ):
        yield Statement(
            indicator=indicators[code],
            area=row["area"],
            period=row["year"],
            value=value,
            stated=stated,
            note=said,
            document_id=document.pk,
            published_on=document.issued_on,
            origin={},
        )


def _state_rank(row: Row, documents: dict[str, Document], indicators: dict[str, Indicator]) -> Iterator[Statement]:
    document = documents["report2024"]
    basis = "原文写明" if row["rank_basis"] == "stated" else "按列举次序，与写明的各位次一致"
    yield Statement(
        indicator=indicators["composite_rank"],
        area=row["area"],
        period="2024",
        value=Decimal(row["rank"]),
        stated=f"第{row['rank']}位",
        note=f"第{row['tier']}梯队；{basis}；报告年度为2024年，数据一般早两年左右",
        document_id=document.pk,
        published_on=document.issued_on,
        origin={},
    )


def _state_own(row: Row, documents: dict[str, Document], indicators: dict[str, Indicator]) -> Iterator[Statement]:
    document = documents[row["document"]]
    yield Statement(
        indicator=indicators[row["indicator"]],
        area=settings.HOME_AREA,
        period=row["period"],
        value=Decimal(row["value"]),
        qualifier=row["qualifier"],
        stated=row["stated"],
        note=row["note"],
        document_id=document.pk,
        published_on=document.issued_on,
        origin={},
    )


def _load_frameworks(documents: dict[str, Document]) -> None:
    """Structures an index can be estimated by; those on record stay as they are, but for indicators that came since."""
    for position, row in enumerate(read("index_frameworks"), start=1):
        nodes = list(read(row["file"]))
        if known := IndexFramework.objects.filter(code=row["code"]).first():
            supply_nodes(known, nodes)
            continue
        texts = {name: row[name] for name in ("code", "name_zh", "name_en", "basis", "normalise", "aggregate", "note")}
        numbers = {name: Decimal(row[name]) for name in ("min_coverage", "weight_noise")}
        among = row["normalise_among"].split()
        load_framework(nodes, by=None, position=position, document=documents.get(row["document"]), normalise_among=among, **texts, **numbers)


def _int(text: str) -> int | None:
    return int(text) if text else None


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
