"""The ledger of targets: documents side by side, what each asks, what was reached of it, and who said which takes which one's place."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from indicators.actions.definitions import supersede_target
from indicators.models import Document, TargetSupersession
from indicators.queries.targets import get_ledger
from indicators.recompute import run
from kejiting.accounts.classification import Classification
from kejiting.accounts.models import AuditEvent, User
from tests.builders import Cast, make_area, make_indicator, make_target, make_user, observe

pytestmark = pytest.mark.django_db


class Documents:
    """A plan without a date asks 65, a later document 62 of the same year; both stand."""

    def __init__(self) -> None:
        self.cast = Cast()
        self.plan = Document.objects.create(kind="plan", title="行动方案")
        self.later = Document.objects.create(kind="notice", title="后来的通知", issued_on=date(2025, 3, 3))
        self.rate = make_indicator("rate", name_zh="贡献率", unit_of_measure="%", accumulation="stock", frequency="year", decimals=1)
        observe(self.rate, {"2024": "60"})
        self.first = make_target(self.rate, "65", document=self.plan, stated="65%以上", baseline_period=None, baseline_value=None)
        self.second = make_target(self.rate, "62", document=self.later, baseline_period=None, baseline_value=None, reason="调整")
        self.client = Client()
        self.client.force_login(self.cast.guo)

    def page(self, query: str = "", by: User | None = None, status: int = 200) -> str:
        client = Client()
        client.force_login(by or self.cast.du)
        response = client.get(f"/targets/{query}")
        assert response.status_code == status
        return re.sub(r"\s+", " ", response.content.decode())

    def post(self, **typed: Any) -> Any:
        said = {"indicator": "rate", "target": self.second.pk, "superseded": self.first.pk, "reason": "以新文件为准"}
        return self.client.post("/targets/", said | typed, follow=True)


@pytest.fixture
def documents() -> Documents:
    return Documents()


def test_documents_stand_side_by_side_in_the_order_of_their_dates(documents: Documents) -> None:
    older = Document.objects.create(kind="plan", title="更早的规划", issued_on=date(2021, 12, 2))
    make_target(documents.rate, "50", "2022", document=older)
    (table,) = get_ledger(documents.cast.du).tables
    assert [d.title for d in table.documents] == ["行动方案", "更早的规划", "后来的通知"]
    (row,) = table.rows
    assert [t.target.period_id for t in row.targets] == ["2022", "2025", "2025"]
    assert row.parallel == ["2025"]


def test_each_target_has_its_own_completion_that_leads_to_its_origin(documents: Documents) -> None:
    run(date(2025, 6, 1))
    (row,) = get_ledger(documents.cast.du).rows
    done = [round(t.judged.done, 4) if t.judged.done else None for t in row.targets]
    assert done == [round(Decimal(60) / 65, 4), round(Decimal(60) / 62, 4)]
    page = documents.page()
    assert "65%以上" in page
    assert "≥62%" in page
    assert "2025年：多份文件并行有效" in page
    for each in row.targets:
        assert each.judged.completion
        assert f"/provenance/result/{each.judged.completion.pk}/" in page
        assert f"/provenance/target/{each.target.pk}/" in page


def test_the_office_says_by_hand_which_takes_which_place(documents: Documents) -> None:
    assert "注明“贡献率”的替代关系" not in documents.page()
    assert "注明“贡献率”的替代关系" in documents.page(by=documents.cast.guo)
    response = documents.post()
    assert "已注明：贡献率2025年以“后来的通知”为准" in response.content.decode()
    link = TargetSupersession.objects.get()
    assert (link.superseded, link.target, link.by, link.reason) == (documents.first, documents.second, documents.cast.guo, "以新文件为准")
    assert AuditEvent.objects.filter(verb="target.supersede", actor=documents.cast.guo).exists()
    page = documents.page()
    assert "已被“后来的通知”替代：以新文件为准（kjt-ghc guo" in page
    assert "2025年：多份文件并行有效" not in page
    origin = Client()
    origin.force_login(documents.cast.xie)
    assert "以新文件为准" in origin.get(f"/provenance/target/{documents.first.pk}/").content.decode()


@pytest.mark.parametrize(
    ("typed", "said", "status"),
    [
        ({"reason": " "}, "请填写。", 422),
        ({"superseded": ""}, "请选择。", 422),
        ({"target": "999999"}, "没有这个选项", 422),
        ({"target": "x' OR 1"}, "没有这个选项", 422),
    ],
)
def test_what_is_wrong_comes_back_with_what_was_typed(documents: Documents, typed: dict[str, str], said: str, status: int) -> None:
    response = documents.post(**typed)
    text = response.content.decode()
    assert response.status_code == status
    assert said in text
    assert "<details class=\"defn\" open>" in text
    assert not TargetSupersession.objects.exists()


def test_a_target_does_not_take_its_own_place(documents: Documents) -> None:
    response = documents.post(superseded=documents.second.pk)
    assert response.status_code == 422
    assert "目标不能替代自己" in response.content.decode()


def test_others_may_not_and_what_is_not_there_is_404(documents: Documents) -> None:
    assert documents.post(indicator="nothing").status_code == 404
    documents.client.force_login(documents.cast.xie)
    assert documents.post().status_code == 403
    documents.page("?area=999999", status=404)
    documents.page("?as_of=gestern", status=400)


def test_a_page_of_the_past_shows_what_stood_then(documents: Documents) -> None:
    supersede_target(documents.second, by=documents.cast.guo, superseded=documents.first, reason="以新文件为准")
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    TargetSupersession.objects.get()
    assert "这个地区还没有目标" in documents.page(f"?as_of={yesterday}")
    # By what was published: before the later document only the plan's stood.
    before = documents.page("?known_on=2025-03-02")
    assert "行动方案" in before
    assert "后来的通知" not in before
    assert "已被" not in before


def test_what_one_may_not_see_is_not_in_the_ledger(documents: Documents) -> None:
    secret = make_indicator("secret", name_zh="内部指标", classification="internal")
    target = make_target(secret, "9")
    public = make_user("public", documents.cast.ghc, "office", clearance=Classification.PUBLIC)
    assert "内部指标" in documents.page()
    assert "内部指标" not in documents.page(by=public)
    documents.client.force_login(public)
    assert documents.client.get(f"/provenance/target/{target.pk}/").status_code == 404
    assert documents.post(indicator="secret").status_code == 404


def test_facts_and_demonstration_have_tables_of_their_own_and_areas_are_asked_for(documents: Documents) -> None:
    demo = make_indicator("demo.rate", name_zh="演示指标", is_demo=True)
    make_target(demo, "5", is_demo=True)
    city = make_area("620100", "prefecture", make_area(), "兰州市")
    make_target(make_indicator("city_rate", name_zh="市里的指标"), "7", area=city)
    assert [table.is_demo for table in get_ledger(documents.cast.du).tables] == [False, True]
    assert "市里的指标" not in documents.page()
    assert "市里的指标" in documents.page("?area=620100")
    assert "贡献率" not in documents.page("?q=演示指标")
    assert "演示指标" not in documents.page("?only=parallel")
