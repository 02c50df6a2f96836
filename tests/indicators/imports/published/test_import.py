"""Taking a file in: all of it or nothing, each figure a vintage with its source, and what depends on it computed anew."""

import hashlib
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from indicators.actions.observations import record_observations
from indicators.actions.statistics_import import import_statistics
from indicators.errors import NotAllowed, NotReady, WrongState
from indicators.imports.published.plan import CREATE, Choices, StatisticsPlan
from indicators.imports.published.read import plan_statistics
from indicators.imports.published.sheet import StatisticsSheet, read_statistics
from indicators.models import Document, ImportBatch, Indicator, Observation, StaleMark
from kejiting.accounts.models import AuditEvent, User
from tests.builders import Cast, make_area, make_indicator, observe

from .files import HEADER, SOURCE, make_csv

CONTENT = [("甘肃", "2023", "rd_exp", "1.5", "亿元", SOURCE), ("甘肃", "2022", "rd_exp", "1.4", "亿元", SOURCE)]


def sheet_of(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> StatisticsSheet:
    return read_statistics(make_csv(rows, header), "a.csv")


def take(sheet: StatisticsSheet, *, by: User | None = None, choices: Choices | None = None, expected: str = "") -> tuple[ImportBatch | None, StatisticsPlan]:
    return import_statistics(sheet, choices=choices or Choices(), by=by, name="a.csv", sha256="0" * 64, expected=expected)


@pytest.fixture
def money(db: None) -> Indicator:
    make_area()
    return make_indicator("rd_exp", name_zh="研发经费", unit_of_measure="万元", accumulation="flow", origin="official", frequency="year", decimals=2)


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast()


def test_a_file_becomes_vintages_with_document_batch_marks_and_a_trail(money: Indicator, cast: Cast) -> None:
    StaleMark.objects.all().delete()
    batch, _plan = take(sheet_of(*CONTENT), by=cast.guo)
    assert batch is not None
    rows = Observation.objects.filter(batch=batch).order_by("period")
    assert [(o.period_id, o.value, o.stated, o.unit_of_measure, o.vintage, o.status) for o in rows] == [
        ("2022", 14000, "1.4亿元", "万元", 1, "A"),
        ("2023", 15000, "1.5亿元", "万元", 1, "A"),
    ]
    assert {o.document for o in rows} == {batch.document} == {Document.objects.get(title=SOURCE)}
    assert (batch.kind, batch.imported_by, batch.sha256, batch.is_demo) == ("statistics", cast.guo, "0" * 64, False)
    assert list(StaleMark.objects.values_list("indicator__code", "area")) == [("rd_exp", "620000")]
    event = AuditEvent.objects.get(verb="statistics.import")
    assert (event.actor, event.detail["counts"]["new"]) == (cast.guo, 2)


def test_the_same_file_again_adds_nothing(money: Indicator) -> None:
    take(sheet_of(*CONTENT))
    batch, plan = take(sheet_of(*CONTENT))
    assert (batch, plan.count("unchanged"), ImportBatch.objects.filter(kind="statistics").count()) == (None, 2, 1)


def test_a_revision_is_a_new_vintage_and_the_day_alone_is_none(money: Indicator) -> None:
    header = (*HEADER, "发布日期", "状态")
    take(sheet_of((*CONTENT[0], "2024-01-31", "初步"), header=header))
    take(sheet_of(("甘肃", "2023", "rd_exp", "1.6", "亿元", SOURCE, "2024-09-30", ""), header=header))
    take(sheet_of(("甘肃", "2023", "rd_exp", "16000", "万元", SOURCE, "2025-09-30", ""), header=header))
    rows = Observation.objects.filter(indicator=money).order_by("vintage")
    assert [(o.vintage, o.value, o.status, str(o.published_on)) for o in rows] == [
        (1, 15000, "P", "2024-01-31"),
        (2, 16000, "R", "2024-09-30"),
        (3, 16000, "R", "2025-09-30"),
    ]
    # Each edition is a document of its own.
    assert [str(o.document.issued_on) for o in rows if o.document] == ["2024-01-31", "2024-09-30", "2025-09-30"]


def test_a_figure_stated_again_with_its_day_revises_nothing(money: Indicator) -> None:
    observe(money, {"2023": "15000"})
    take(sheet_of((*CONTENT[0], "2024-09-30"), header=(*HEADER, "发布日期")))
    assert [(o.vintage, o.status) for o in Observation.objects.filter(indicator=money).order_by("vintage")] == [(1, "A"), (2, "A")]


def test_one_row_that_cannot_be_taken_and_none_is(money: Indicator, cast: Cast) -> None:
    before = (Document.objects.count(), Observation.objects.count(), AuditEvent.objects.count())
    with pytest.raises(NotReady, match="一行也没有导入") as refusal:
        take(sheet_of(*CONTENT, ("甘肃", "2021", "rd_exp", "约1", "亿元", SOURCE)), by=cast.guo)
    assert refusal.value.problems[0].where == "第 4 行"
    assert (Document.objects.count(), Observation.objects.count(), AuditEvent.objects.count()) == before


def test_an_error_in_the_middle_leaves_nothing(money: Indicator, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def fail_second(statements: list[object], **more: object) -> None:
        calls.append(len(statements))
        if len(calls) == 2:
            raise RuntimeError
        record_observations(statements, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("indicators.actions.statistics_import.CHUNK", 1)
    monkeypatch.setattr("indicators.actions.statistics_import.record_observations", fail_second)
    rows = [("甘肃", "2023", "brand_new", "1", "亿元", SOURCE), ("甘肃", "2022", "brand_new", "2", "亿元", SOURCE)]
    with pytest.raises(RuntimeError):
        take(sheet_of(*rows), choices=Choices(indicators={"brand_new": CREATE}, may_create=True))
    assert calls == [1, 1]
    assert not Indicator.objects.filter(code="brand_new").exists()
    assert not Observation.objects.exists()
    assert not Document.objects.exists()


def test_what_was_confirmed_must_still_hold(money: Indicator, cast: Cast) -> None:
    sheet = sheet_of(*CONTENT)
    shown = plan_statistics(sheet, choices=Choices(), by=cast.guo).fingerprint
    observe(money, {"2023": "99"})
    with pytest.raises(WrongState, match="又有变动"):
        take(sheet, by=cast.guo, expected=shown)
    assert Observation.objects.count() == 1


def test_only_who_may_imports(money: Indicator, cast: Cast) -> None:
    for person in (cast.xie, cast.shen, cast.du):
        with pytest.raises(NotAllowed):
            take(sheet_of(*CONTENT), by=person)


def test_a_new_indicator_comes_with_its_figures(money: Indicator, cast: Cast) -> None:
    rows = [("甘肃", "2023", "v4_new", "新指标", "1.5", "亿元", SOURCE)]
    header = ("地区", "年份", "指标", "指标名称", "数值", "单位", "来源")
    choices = Choices(indicators={"v4_new": CREATE}, edited={"v4_new": {"name_zh": "改过的名称", "accumulation": "stock"}}, may_create=True)
    batch, _plan = take(sheet_of(*rows, header=header), by=cast.guo, choices=choices)
    made = Indicator.objects.get(code="v4_new")
    assert (made.name_zh, made.accumulation, made.origin, made.is_demo) == ("改过的名称", "stock", "official", False)
    assert made.current_definition is not None
    assert SOURCE in made.current_definition.text_zh
    [observation] = Observation.objects.filter(batch=batch)
    assert (observation.value, observation.definition) == (15000, made.current_definition)
    assert AuditEvent.objects.filter(verb="indicator.add", object_key="v4_new", actor=cast.guo).exists()


def test_nobody_defines_a_hundred_indicators_by_a_slip(money: Indicator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with, say, the values in the column of the indicators."""
    monkeypatch.setattr("indicators.imports.published.plan.MOST_CREATED", 2)
    rows = [("甘肃", "2023", f"new_{n}", "1", "亿元", SOURCE) for n in range(3)]
    choices = Choices(indicators={f"new_{n}": CREATE for n in range(3)}, may_create=True)
    assert not plan_statistics(sheet_of(*rows), choices=choices, by=None).is_ready
    with pytest.raises(NotReady, match="请核对文件的“指标”一列"):
        take(sheet_of(*rows), choices=choices)


def test_what_a_demonstration_account_imports_is_as_real_as_its_source(money: Indicator, cast: Cast) -> None:
    """The figures stay when the demonstration is removed, so nothing of them may name one of its accounts."""
    User.objects.filter(pk=cast.guo.pk).update(is_demo=True)
    cast.guo.refresh_from_db()
    batch, _plan = take(sheet_of(*CONTENT), by=cast.guo)
    assert batch is not None
    assert (batch.is_demo, batch.imported_by, batch.document and batch.document.is_demo) == (False, None, False)
    assert {o.is_demo for o in Observation.objects.filter(batch=batch)} == {False}
    event = AuditEvent.objects.get(verb="statistics.import")
    assert (event.actor, event.is_demo, event.detail["account"]) == (None, False, "guo")
    # What it makes itself is demonstration, with the figures of it.
    rows = [("甘肃", "2023", "v4_new", "1.5", "亿元", "另一来源")]
    batch, _plan = take(sheet_of(*rows), by=cast.guo, choices=Choices(indicators={"v4_new": CREATE}, may_create=True))
    assert batch is not None
    assert Indicator.objects.get(code="v4_new").is_demo


# -- the command ---------------------------------------------------------------------------------


def command(path: Path, *options: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_statistics", str(path), *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_imports_and_says_what(money: Indicator, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(make_csv(CONTENT))
    assert "试运行" in command(path, "--dry-run")[0]
    assert not Observation.objects.exists()
    assert "新增 2 个数" in command(path)[0]
    assert "没有需要导入的改动" in command(path)[0]
    assert ImportBatch.objects.get(kind="statistics").sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_command_takes_choices(money: Indicator, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(make_csv([("甘素", "2023", "new_one", "1", "亿元", ""), ("东部", "2023", "rd_exp", "1", "亿元", "")]))
    with pytest.raises(CommandError, match="先选择"):
        command(path, "--source", "年鉴")
    command(path, "--source", "年鉴", "--create", "--area", "甘素=620000", "--area", "东部=-", "--published-on", "2024-09-01")
    [row] = Observation.objects.all()
    assert (row.indicator.code, row.area_id, str(row.published_on), row.document and row.document.title) == ("new_one", "620000", "2024-09-01", "年鉴")


@pytest.mark.parametrize(("options", "said"), [(["--area", "甘素"], "名称=代码"), (["--published-on", "昨天"], "不是日期")])
def test_the_command_refuses_what_it_cannot_read(money: Indicator, tmp_path: Path, options: list[str], said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(make_csv(CONTENT))
    with pytest.raises(CommandError, match=said):
        command(path, *options)
    with pytest.raises(CommandError, match="打不开文件"):
        command(tmp_path / "none.csv")
