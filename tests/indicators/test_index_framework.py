"""Frameworks come in whole or not at all, with a sentence for each wrong row; weights are versions with a reason."""

from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from indicators.actions.definitions import set_weights
from indicators.actions.frameworks import supply_nodes
from indicators.errors import Conflict, NotAllowed, NotReady, RecordError, WrongState
from indicators.facts import load_facts, read
from indicators.imports.framework import FrameworkRefused
from indicators.models import IndexFramework, IndexMark, IndexNode, NodeWeight, WeightVersion
from kejiting.accounts.models import AuditEvent
from tests.builders import Cast
from tests.indicators.frameworks import NODES, make_framework, make_yearly

pytestmark = pytest.mark.django_db

EQUAL = {node["code"]: Decimal(1) for node in NODES[1:]}


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indicators.actions.marks.nudge_index", lambda: None)


def with_row(which: str, **cells: str) -> list[dict[str, str]]:
    """The test framework with some cells of one row changed."""
    return [{**node, **cells} if node["code"] == which else node for node in NODES]


# -- loading -------------------------------------------------------------------------------------


def test_a_framework_comes_with_its_tree_and_is_marked() -> None:
    framework = make_framework(list(reversed(NODES)))  # children before their parents
    tree = {node.code: node.parent and node.parent.code for node in framework.nodes.select_related("parent")}
    assert tree == {node["code"]: node["parent"] or None for node in NODES}
    assert set(framework.nodes.filter(is_leaf=True).values_list("code", flat=True)) == set("abcd")
    assert IndexMark.objects.get().framework == framework
    assert AuditEvent.objects.get(verb="framework.load").object_key == "test"


@pytest.mark.parametrize(
    ("rows", "where", "says"),
    [
        (with_row("c", parent="nowhere"), "第 7 行（c）", "上级“nowhere”不在表中"),
        (with_row("input", parent="a"), "第 3 行（input）", "上级循环：input → a → input"),
        (with_row("total", parent="total"), "", "没有总指数"),
        (with_row("output", parent=""), "", "只能有一个，现有：total、output"),
        (with_row("b", code="a"), "第 5 行（a）", "代码重复：第 4 行已用过"),
        (with_row("b", code="B 1"), "第 5 行（B 1）", "代码“B 1”不合要求"),
        (with_row("b", name_zh=""), "第 5 行（b）", "没有名称"),
        (with_row("a", indicator="nosuch"), "第 4 行（a）", "没有代码为“nosuch”的指标"),
        (with_row("input", indicator="xa"), "第 3 行（input）", "不能再由指标“xa”供数"),
        (with_row("a", weight="-1"), "第 4 行（a）", "权重不能小于 0"),
        (with_row("a", weight="多"), "第 4 行（a）", "weight："),
        (with_row("a", weight="100000"), "第 4 行（a）", "weight：数字太大：整数部分最多 5 位"),
        (with_row("a", standard="1" * 15), "第 4 行（a）", "standard：数字太大：整数部分最多 14 位"),
        (with_row("a", weight="0.00001"), "第 4 行（a）", "weight：小数位太多：最多 4 位"),
        (with_row("b", name_zh="长" * 121), "第 5 行（b）", "name_zh：文字太长，最多 120 字，现在 121 字"),
        (with_row("a", weight="2"), "第 5 行（b）", "这一项没有：要么都填，要么都不填"),
        (with_row("a", standard="0"), "第 4 行（a）", "标准值须大于 0"),
        (with_row("a", low="1"), "第 4 行（a）", "上下限阈值"),
        (with_row("a", direction="up"), "第 4 行（a）", "方向“up”不认识"),
        (with_row("a", basis="heard"), "第 4 行（a）", "依据“heard”不认识"),
        (with_row("a", is_approximate="1"), "第 4 行（a）", "近似口径须在说明里写明"),
        (with_row("a", unit_of_measure="%"), "第 4 行（a）", "计量单位是“%”，而指标“指标 xa”的是“项”"),
        ([{**node, "weight": "0"} if node["parent"] else node for node in NODES], "第 3 行（input）", "权重合计为 0"),
    ],
)
def test_what_is_wrong_with_a_framework_is_said_row_by_row(rows: list[dict[str, str]], where: str, says: str) -> None:
    for code in ("xa", "xb", "xc"):
        make_yearly(code)
    from indicators.actions.frameworks import load_framework

    with pytest.raises(FrameworkRefused) as refused:
        load_framework(rows, by=None, code="test", name_zh="试", basis="own")
    assert [problem for problem in refused.value.problems if problem.where == where and says in problem.message], (
        refused.value.problems
    )
    assert not IndexFramework.objects.exists()


def test_an_indicator_must_be_yearly_and_no_demonstration() -> None:
    make_yearly("xb", frequency="quarter")
    make_yearly("xc", is_demo=True)
    with pytest.raises(FrameworkRefused) as refused:
        make_framework()
    assert ["不是年度指标" in refused.value.problems[0].message, "是演示指标" in refused.value.problems[1].message] == [True, True]


def test_a_structure_is_not_loaded_over_another() -> None:
    make_framework()
    with pytest.raises(WrongState, match="已有代码为“test”的框架"):
        make_framework()


def test_nodes_get_an_indicator_that_came_since_and_keep_what_they_have() -> None:
    framework = make_framework(with_row("a", indicator=""))
    make_yearly("xa")
    make_yearly("xz")
    IndexMark.objects.all().delete()
    assert supply_nodes(framework, [{**node, "indicator": "xz"} if node["code"] == "b" else node for node in NODES]) == 1
    supplied = dict(framework.nodes.filter(is_leaf=True).values_list("code", "indicator__code"))
    assert supplied == {"a": "xa", "b": "xb", "c": "xc", "d": None}
    assert IndexMark.objects.count() == 1


def test_the_command_loads_a_file_or_says_what_is_wrong(tmp_path: Path) -> None:
    for code in ("xa", "xb", "xc"):
        make_yearly(code)
    path = tmp_path / "second.csv"
    header = "code,parent,name_zh,indicator"
    path.write_text("\n".join([header, *(",".join(n.get(c, "") for c in header.split(",")) for n in NODES)]), encoding="utf-8-sig")
    out = StringIO()
    call_command("load_framework", path, "--name=第二框架", "--dry-run", stdout=out)
    assert not IndexFramework.objects.exists()
    call_command("load_framework", path, "--name=第二框架", stdout=out)
    assert "已载入框架“第二框架”，共 7 行" in out.getvalue()
    assert IndexFramework.objects.get().code == "second"

    bad = StringIO()
    path.write_text(f"{header}\ntotal,,总,\na,total,甲,nosuch\n", encoding="utf-8")
    with pytest.raises(CommandError, match="有 1 处错误，没有载入"):
        call_command("load_framework", path, "--name=三", "--code=third", stderr=bad)
    assert "第 3 行（a）：没有代码为“nosuch”的指标。" in bad.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", "UTF-8"),
        (b"name\nx\ny\n", "缺少这些列：code、parent、name_zh"),
        (b"code,parent,name_zh\n", "须有 2 至 500 行"),
    ],
)
def test_what_is_no_table_is_answered_in_a_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("load_framework", path, "--name=坏", stderr=said)
    assert says in said.getvalue()


@pytest.mark.parametrize(
    ("option", "says"), [("--min-coverage=2", "0 至 1"), ("--weight-noise=x", "weight_noise"), ("--code=A b", "代码“A b”"), ("--code=" + "a" * 41, "最多 40 字"), ("--min-coverage=0.0001", "最多 3 位")]
)
def test_a_share_beyond_its_ends_is_refused(tmp_path: Path, option: str, says: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text("code,parent,name_zh\ntotal,,总\na,total,甲\n")
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("load_framework", path, "--name=某", option, stderr=said)
    assert says in said.getvalue()


# -- the facts -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("facts_record")
def test_the_published_framework_is_there_with_its_source() -> None:
    framework = IndexFramework.objects.get(code="predecessor")
    assert framework.document is not None
    assert framework.document.title == "全国科技进步统计监测指标体系和监测标准"
    leaves = framework.nodes.filter(is_leaf=True)
    assert (leaves.count(), leaves.filter(basis="found").count(), leaves.filter(basis="recalled").count()) == (32, 22, 10)
    assert framework.nodes.filter(parent=framework.nodes.get(parent=None)).count() == 5
    # Weights were not published, and none is made up; what was only recalled has no standard.
    assert not framework.nodes.filter(weight__isnull=False).exists()
    assert not leaves.filter(basis="recalled", standard__isnull=False).exists()
    assert leaves.get(code="rd_to_gdp").standard == Decimal("2.5")
    # Only one indicator is the framework's own; what is merely near says how it differs.
    exact = leaves.filter(indicator__isnull=False, is_approximate=False)
    assert list(exact.values_list("indicator__code", flat=True)) == ["rd_intensity"]
    assert not leaves.filter(is_approximate=True, note="").exists()


@pytest.mark.usefixtures("facts_record")
def test_loading_the_facts_again_adds_no_node() -> None:
    before = list(IndexNode.objects.order_by("pk").values_list("pk", "indicator"))
    load_facts()
    assert list(IndexNode.objects.order_by("pk").values_list("pk", "indicator")) == before


@pytest.mark.parametrize("code", ["predecessor", "available"])
def test_each_file_of_a_framework_names_indicators_that_are_there(code: str) -> None:
    known = {row["code"] for row in read("indicators")}
    assert {row["indicator"] for row in read(f"index_framework_{code}")} - {""} <= known


# -- weights -------------------------------------------------------------------------------------


def test_weights_are_versions_with_who_when_and_why() -> None:
    framework, cast = make_framework(), Cast()
    IndexMark.objects.all().delete()
    version = set_weights(framework, by=cast.guo, weights={**EQUAL, "input": Decimal("0.6")}, reason=" 厅务会议定 ", expected=0)
    assert (version.number, version.by, version.reason, version.from_year) == (1, cast.guo, "厅务会议定", None)
    assert dict(version.weights.values_list("node__code", "weight"))["input"] == Decimal("0.6")
    assert IndexMark.objects.get().framework == framework
    event = AuditEvent.objects.get(verb="weights.set")
    assert (event.reason, event.detail["weights"]["input"]) == ("厅务会议定", "0.6")
    assert set_weights(framework, by=cast.guo, weights=EQUAL, reason="改回等权").number == 2


@pytest.mark.parametrize(
    ("weights", "where", "says"),
    [
        ({**EQUAL, "a": Decimal(-1)}, "a", "“指标甲”的权重是 -1：不能小于 0"),
        ({**EQUAL, "a": Decimal(100_000)}, "a", "“指标甲”的权重：数字太大：整数部分最多 5 位"),
        ({**EQUAL, "a": Decimal("0.00001")}, "a", "“指标甲”的权重：小数位太多：最多 4 位"),
        ({code: w for code, w in EQUAL.items() if code != "b"}, "b", "“指标乙”没有权重"),
        ({**EQUAL, "a": Decimal(0), "b": Decimal(0)}, "a", "“投入”下各项的权重都是 0"),
        ({**EQUAL, "input": Decimal(0), "output": Decimal(0)}, "input", "“总指数”下各项的权重都是 0"),
    ],
)
def test_weights_that_make_no_sense_name_the_node(weights: dict[str, Decimal], where: str, says: str) -> None:
    framework = make_framework()
    with pytest.raises(NotReady) as refused:
        set_weights(framework, by=Cast().guo, weights=weights, reason="依据")
    assert [problem for problem in refused.value.problems if problem.where == where and says in problem.message]
    assert not WeightVersion.objects.exists()


def test_weights_need_a_reason_the_office_a_change_and_nobody_in_between() -> None:
    framework, cast = make_framework(), Cast()
    with pytest.raises(RecordError, match="请写明权重的依据"):
        set_weights(framework, by=cast.guo, weights=EQUAL, reason=" ")
    with pytest.raises(NotAllowed):
        set_weights(framework, by=cast.xie, weights=EQUAL, reason="依据")
    set_weights(framework, by=cast.guo, weights=EQUAL, reason="依据", expected=0)
    with pytest.raises(Conflict, match="第 1 版"):
        set_weights(framework, by=cast.jiang, weights={**EQUAL, "a": Decimal(2)}, reason="依据", expected=0)
    with pytest.raises(RecordError, match="完全相同"):
        set_weights(framework, by=cast.jiang, weights=EQUAL, reason="再来一次")


@pytest.mark.parametrize(
    "change",
    [
        lambda: WeightVersion.objects.update(reason="x"),
        lambda: NodeWeight.objects.update(weight=9),
        lambda: NodeWeight.objects.all().delete(),
    ],
)
def test_weights_are_append_only(change: Any) -> None:
    set_weights(make_framework(), by=Cast().guo, weights=EQUAL, reason="依据")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change()


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("index_node_code_once", {"code": "b"}),
        ("index_node_position_once", {"position": 3}),
        ("index_node_one_root", {"parent": None}),
        ("index_node_weight_from_zero", {"weight": -1}),
        ("index_node_direction_is_a_sign", {"direction": 0}),
        ("index_node_only_leaves_are_supplied", {"is_leaf": False}),
        ("index_node_approximation_is_explained", {"is_approximate": True, "note": ""}),
    ],
)
def test_a_node_is_held_to_its_rules_by_the_database(constraint: str, change: dict[str, Any]) -> None:
    framework = make_framework()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        framework.nodes.filter(code="a").update(**change)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [("index_framework_coverage_is_a_share", {"min_coverage": 2}), ("index_framework_noise_is_a_share", {"weight_noise": -1})],
)
def test_a_share_is_one_in_the_database(constraint: str, change: dict[str, Any]) -> None:
    make_framework()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        IndexFramework.objects.update(**change)
