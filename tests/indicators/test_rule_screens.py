"""The screens of rules and formulas: what is typed is answered with its place, its like and what it would do, and saved only when asked."""

from typing import Any

import pytest
from django.test import Client

from indicators.models import Indicator, IndicatorDependency, Rule
from indicators.queries.formula_preview import preview_formula
from kejiting.accounts.classification import Classification
from tests.builders import Cast, make_area, make_indicator, make_user, observe

pytestmark = pytest.mark.django_db

RULES, ADD = "/definitions/rules/", "/definitions/rules/add/"
TYPED = {"code": "parts", "formula": "part <= whole", "severity": "error", "sentence_zh": "部分不能大于总体。"}


class Office:
    """A part and its whole over two years in two areas, and somebody of the office signed in."""

    def __init__(self) -> None:
        self.cast = Cast()
        make_area()
        make_area("610000", name="陕西省")
        yearly: dict[str, Any] = {"frequency": "year", "accumulation": "flow"}
        self.part, self.whole = make_indicator("part", **yearly), make_indicator("whole", **yearly)
        self.share = make_indicator("part_share", origin="derived", formula="part / whole", unit_of_measure="%", decimals=1, **{**yearly, "accumulation": "stock"})
        IndicatorDependency.objects.bulk_create([IndicatorDependency(indicator=self.share, reads=read) for read in (self.part, self.whole)])
        for area in ("620000", "610000"):
            observe(self.part, {"2023": "2", "2024": "9"}, area)
            observe(self.whole, {"2023": "0", "2024": "8"}, area)
        observe(self.share, {"2023": "40", "2024": "112.5"})
        self.client = Client()
        self.client.force_login(self.cast.guo)

    def preview(self, path: str, **typed: str) -> str:
        response = self.client.post(path, {**typed, "preview": "1", "fragment": "1"})
        assert response.status_code == 200
        return str(response.content.decode())


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_rule_is_added_changed_and_its_versions_are_kept(office: Office) -> None:
    response = office.client.post(ADD, TYPED, follow=True)
    assert "已添加规则 parts" in response.content.decode()
    url = f"{RULES}code/parts/"
    changed = {**TYPED, "severity": "warning", "reason": "先提醒一年"}
    response = office.client.post(url, changed, follow=True)
    assert "已保存规则 parts 的第 2 版" in response.content.decode()
    old, new = Rule.objects.order_by("version")
    text = office.client.get(f"/provenance/rule/{old.pk}/").content.decode()
    assert "这是旧版，现行为第 2 版" in text
    assert "先提醒一年" in text
    assert f"/provenance/rule/{new.pk}/" in text


def test_a_rule_that_cannot_stand_comes_back_with_what_was_typed_and_its_place(office: Office) -> None:
    response = office.client.post(ADD, {**TYPED, "formula": "part <= whle"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "未登记的指标代码：whle" in text
    assert "<mark>whle</mark>" in text
    assert "part &lt;= whle</textarea>" in text
    text = office.client.post(ADD, {**TYPED, "formula": "part <= whle", "sentence_zh": ""}).content.decode()
    assert [name in text for name in ("#id_formula", "#id_sentence_zh")] == [True, True]
    assert not Rule.objects.exists()


def test_only_the_office_opens_the_screens_and_whoever_is_told_of_a_rule_reads_it(office: Office) -> None:
    rule = Rule.objects.create(version=1, **TYPED)
    office.client.force_login(office.cast.xie)
    for path in (RULES, ADD, f"{RULES}code/parts/"):
        assert office.client.get(path).status_code == 403
    text = office.client.get(f"/provenance/rule/{rule.pk}/").content.decode()
    assert "部分不能大于总体" in text
    assert "修改这条规则" not in text
    assert office.client.get("/provenance/rule/99999/").status_code == 404


def test_the_list_says_how_each_rule_fares(office: Office) -> None:
    Rule.objects.create(version=1, **TYPED)
    Rule.objects.create(version=1, **{**TYPED, "code": "never", "is_withdrawn": True})
    text = office.client.get(RULES).content.decode()
    # Of four places two have a whole of 0: they are compared, and broken as well.
    assert "4 处不符合" in text
    assert "已停用" in text
    assert "没有找到" in office.client.get(f"{RULES}?q=nothing").content.decode()


# -- as it is typed ------------------------------------------------------------------------------


def test_a_preview_saves_nothing_and_says_nothing_of_what_is_not_typed_yet(office: Office) -> None:
    response = office.client.post(ADD, {"formula": "part <= whole", "preview": "1"})
    text = response.content.decode()
    assert response.status_code == 200
    assert "核对 4 处：0 处符合，4 处不符合" in text
    assert "没有保存" not in text
    assert "part &lt;= whole</textarea>" in text
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("formula", "marked", "said"),
    [
        ("part ＋ whole", "", "须是一个比较"),
        ("（part ＋ 1） ＜＝ whole × 2", "", "核对 4 处"),
        ("part <= whole $ 2", "<mark>$</mark>", "第 15 个字符"),
        ("part <= (whole", "<mark>　</mark>", "公式到此为止"),
        ("median(part) <= 1", "<mark>median</mark>", "没有这个函数"),
        ("x" * 5000, "", "公式太长"),
        ("<script>alert(1)</script>", "<mark>&lt;</mark>", "应为数字、指标代码、函数或左括号"),
    ],
)
def test_the_place_of_an_error_is_marked_in_the_text(office: Office, formula: str, marked: str, said: str) -> None:
    text = office.preview(ADD, formula=formula)
    assert said in text
    assert marked in text
    assert "<script" not in text


def test_a_code_that_is_not_there_is_answered_with_those_that_look_like_it(office: Office) -> None:
    text = office.preview(ADD, formula="part <= part_shar")
    assert 'data-put="part_share"' in text
    assert 'data-at="9,9"' in text


def test_a_circle_is_shown_as_the_way_it_goes(office: Office) -> None:
    again = make_indicator("again", origin="derived", formula="part_share * 2", frequency="year", name_zh="再算一次")
    IndicatorDependency.objects.create(indicator=again, reads=office.share)
    text = office.preview("/definitions/indicators/code/part_share/", formula="again / whole", frequency="year")
    assert "循环引用：part_share（指标 part_share） → again（再算一次） → part_share（指标 part_share）" in text
    assert text.count("<li>") == 3


def test_a_formula_is_shown_over_history_beside_what_is_in_force(office: Office) -> None:
    preview = preview_formula(office.cast.guo, office.share, "part / whole * 100")
    assert [(v.period, v.old_text, v.new_text, v.difference) for v in preview.home] == [
        ("2024", "112.5%", "112.5%", "0"),
        ("2023", "40.0%", "—", "不再有"),
    ]
    assert [(v.area.pk, v.old_text, v.new_text, v.difference) for v in preview.others] == [("610000", "—", "112.5%", "新有")]
    # 2023 divides by zero in both areas.
    assert (preview.cells, preview.areas, preview.changed, preview.gone, preview.without) == (3, 2, 2, 1, 2)
    assert office.share.observations.count() == 2


def test_the_screen_of_an_indicator_previews_its_formula_and_wants_to_know_why_it_changed(office: Office) -> None:
    url = "/definitions/indicators/code/part_share/"
    text = office.preview(url, formula="part / whole", frequency="year", unit_of_measure="%")
    assert "−111.4" in text
    fields = {"name_zh": "份额", "unit_of_measure": "%", "decimals": "1", "direction": "higher", "accumulation": "stock", "entry_form": "as_stored",
              "origin": "derived", "frequency": "year", "classification": "public", "text_zh": "口径", "valid_from": "2026-01-01"}  # fmt: skip
    response = office.client.post(url, {**fields, "formula": "part / whole * 100"})
    assert response.status_code == 422
    assert "改了公式，请写明原因" in response.content.decode()
    response = office.client.post(url, {**fields, "formula": "part ／ whole × 100", "reason": "单位应为百分数"})
    assert response.status_code == 302, response.content.decode()
    definition = Indicator.objects.get(code="part_share").current_definition
    assert definition
    assert (definition.version, definition.formula, definition.reason) == (2, "part / whole * 100", "单位应为百分数")


def test_a_formula_over_what_one_may_not_see_shows_nothing_of_it(office: Office) -> None:
    observe(office.whole, {"2025": "4"}, classification="internal")
    observe(office.part, {"2025": "1"})
    make_indicator("secret", classification="internal", frequency="year")
    office.client.force_login(make_user("public_office", office.cast.ghc, "office", clearance=Classification.PUBLIC))
    text = office.preview("/definitions/indicators/code/part_share/", formula="part / whole * 100", frequency="year")
    assert "2024年" in text
    assert "2025年" not in text
    assert "未登记的指标代码：secret" in office.preview("/definitions/indicators/code/part_share/", formula="secret / part", frequency="year")
