"""The yearbook's indicators, and dirt as it was found: other people's data files, read in place."""

import hashlib
from decimal import Decimal

import pytest

from indicators.actions.statistics_import import import_statistics
from indicators.imports.published.plan import Choices
from indicators.imports.published.read import plan_statistics
from indicators.imports.published.sheet import read_statistics
from indicators.models import Observation
from indicators.recompute import run
from kejiting.accounts.models import Area

from .files import DIRT, YEARBOOK, needs_dirt, needs_yearbook
from .test_import import take

pytestmark = pytest.mark.usefixtures("facts_record", "db")


@needs_yearbook
def test_the_yearbook_gives_every_province_its_shares_and_ranks() -> None:
    content = YEARBOOK.read_bytes()
    sheet = read_statistics(content, YEARBOOK.name)
    batch, plan = import_statistics(sheet, choices=Choices(), by=None, name=YEARBOOK.name, sha256=hashlib.sha256(content).hexdigest())
    assert (plan.count("new"), plan.refused, plan.open_questions) == (3247, {}, 0)
    assert Observation.objects.filter(batch=batch).count() == 3247
    run()
    by_cell = {(row.area_code, row.period, row.indicator): (row.value, row.unit) for row in sheet.rows}
    provinces = set(Area.objects.filter(level="province", is_ranked=True).values_list("pk", flat=True))

    def stated(area: str, year: str, code: str) -> Decimal:
        value, unit = by_cell[area, year, code]
        return Decimal(value) * (10_000 if unit == "亿元" else 1)

    for code, above, below, scale in (
        ("rd_fund_ent_share", "rd_fund_ent", "rd_exp_total", 100),
        ("rd_basic_share", "rd_basic", "rd_exp_total", 100),
        ("patent_inv_per_rd", "patent_granted_inv", "rd_exp_total", 10_000),
        ("budget_sci_share", "budget_sci", "budget_total", 100),
        ("rd_researchers_share", "rd_researchers_fte", "rd_personnel_fte", 100),
    ):
        by_hand = {area: stated(area, "2023", above) / stated(area, "2023", below) * scale for area in provinces}
        rows = Observation.objects.filter(period="2023", area__in=provinces).latest()
        shares = dict(rows.filter(indicator__code=code).values_list("area_id", "value"))
        ranks = dict(rows.filter(indicator__code=f"{code}_rank").values_list("area_id", "value"))
        assert {area: abs(shares[area] - by_hand[area]) < Decimal("0.000001") for area in provinces} == dict.fromkeys(provinces, True)
        assert ranks == {area: 1 + sum(other > by_hand[area] for other in by_hand.values()) for area in provinces}


@needs_dirt
def test_slips_of_reading_by_machine_are_asked_of_and_never_taken() -> None:
    choices = Choices(
        indicators={"v4_cg_zlsq2_hj": "patent_granted", "v4_cg_zlsq2_fm": "patent_granted_inv", "v4_cg_zlsq2_syxx": "-", "v4_cg_zlsq2_wgsj": "-"},
        source="《中国科技统计年鉴》",
    )
    # The file has the names as they were read beside the mended ones; here only the former are.
    content = (DIRT / "RDPatentAuthority_raw_long.csv").read_text(encoding="utf-8").replace("province,", "mended,", 1).replace("province_raw", "province", 1)
    sheet = read_statistics(content.encode(), "raw.csv")
    asked = plan_statistics(sheet, choices=choices, by=None)
    assert {(a.name, a.rows): a.suggestions[0].short_zh for a in asked.areas} == {("山两", 4): "山西", ("两藏", 4): "西藏"}
    assert not asked.is_ready
    mended = Choices(areas={"山两": "140000", "两藏": "540000"}, indicators=choices.indicators, source=choices.source)
    batch, plan = take(sheet, choices=mended)
    assert (plan.count("new"), plan.skipped) == (2 * 448, 2 * 448)
    assert Observation.objects.filter(batch=batch, area="540000", indicator__code="patent_granted").count() == 14


@needs_dirt
def test_units_of_both_sizes_meet_in_one_series() -> None:
    """The one file has the R&D expenditure in 亿元, the other in 万元: 2023 agrees, so neither revises the other by more than rounding."""
    codes = {"v4_ztr_jf_RD": "rd_exp_total", "v4_ztr_qd_RD": "-"}
    content = (DIRT / "RDIntense_raw_long.csv").read_bytes()
    take(read_statistics(content, "a.csv"), choices=Choices(indicators=codes, source="公报"))
    codes = {"v4_zh_nbzc_hj": "rd_exp_total", "v4_zh_nbzc_zfzj": "-", "v4_zh_nbzc_qtzj": "-", "v4_zh_nbzc_qyzj": "-", "v4_zh_nbzc_gwzj": "-"}
    content = (DIRT / "RDSource_raw_long.csv").read_bytes()
    plan = plan_statistics(read_statistics(content, "b.csv"), choices=Choices(indicators=codes, source="年鉴"), by=None)
    pairs = [(f.value, f.before.value) for f in plan.figures if f.before and f.before.value]
    assert len(pairs) == 416
    assert max(abs(new / old - 1) for new, old in pairs) < Decimal("0.05")
