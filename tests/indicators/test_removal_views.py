"""Taking back on the screen what was entered by mistake: asked why, told why not."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from indicators.actions.reporting import save_line
from indicators.models import Assignment, Document, Indicator, Milestone, Target, Task
from kejiting.accounts.models import AuditEvent
from tests.builders import Quarter, assign, make_indicator, make_target, make_task

pytestmark = pytest.mark.django_db


class Office:
    def __init__(self) -> None:
        self.quarter = Quarter()
        self.client = Client()
        self.client.force_login(self.quarter.cast.guo)

    def page(self, path: str, data: dict[str, Any] | None = None, status: int = 200) -> str:
        response = self.client.get(path) if data is None else self.client.post(path, data, follow=True)
        assert response.status_code == status, response.content.decode()
        return response.content.decode()


@pytest.fixture
def office() -> Office:
    return Office()


def test_what_nothing_uses_goes_with_a_reason_and_the_trail_keeps_it(office: Office) -> None:
    plan, cast = office.quarter.plan, office.quarter.cast
    task = make_task(plan, 9, cast.gxt, title_zh="录错的任务")
    milestone = Milestone.objects.create(task=office.quarter.task, number=9, title_zh="录错的节点", due_on=date(2025, 9, 30))
    make_indicator("wrong", name_zh="录错的指标")
    document = Document.objects.create(title="录错的文件", kind="plan")
    row = assign(cast.city, indicator=make_indicator("other"))
    for place, kind, key, model in [
        (f"/definitions/tasks/{task.pk}/", "task", task.pk, Task),
        (f"/definitions/milestones/{milestone.pk}/", "milestone", milestone.pk, Milestone),
        ("/definitions/indicators/code/wrong/", "indicator", "wrong", Indicator),
        (f"/definitions/documents/{document.pk}/", "document", document.pk, Document),
        ("/definitions/assignments/", "assignment", row.pk, Assignment),
    ]:
        way, before = f"/definitions/remove/{kind}/{key}/", model.objects.count()
        assert f'href="{way}"' in office.page(place)
        assert "删除" in office.page(way)
        assert "请填写。" in office.page(way, {"reason": ""}, status=422)
        assert model.objects.count() == before
        assert "已删除" in office.page(way, {"reason": "录错了"})
        assert model.objects.count() == before - 1
        assert AuditEvent.objects.get(verb=f"{kind}.delete").reason == "录错了"
        assert office.client.get(way).status_code == 404


def test_what_is_used_stays_and_the_page_says_by_what(office: Office) -> None:
    quarter = office.quarter
    make_target(quarter.indicator, "100")
    document = Document.objects.get()
    save_line(quarter.line(), {"value": "3"}, by=quarter.cast.xie)
    assignment = quarter.line().assignment_id
    for kind, key, words in [
        ("task", quarter.task.pk, "已被引用"),
        ("milestone", quarter.milestone.pk, "已被引用"),
        ("indicator", "contracts", "已被引用"),
        ("document", document.pk, "目标"),
        ("assignment", assignment, "已有填报"),
    ]:
        assert words in office.page(f"/definitions/remove/{kind}/{key}/", {"reason": "试试"}, status=409)


def test_a_target_is_withdrawn_and_still_to_be_seen(office: Office) -> None:
    target = make_target(office.quarter.indicator, "100")
    path, way = f"/definitions/targets/{target.pk}/", f"/definitions/remove/target/{target.pk}/"
    assert f'href="{way}"' in office.page(path)
    page = office.page(way, {"reason": "数字抄错"})
    assert "已撤回目标" in page
    assert "已撤回，不再有效（kjt-ghc guo，" in page
    assert "数字抄错" in page
    assert way not in page
    assert "已撤回" in office.page("/definitions/targets/")
    assert "已经撤回" in office.page(way, {"reason": "再来"}, status=409)
    assert Target.objects.get().value == 100


@pytest.mark.parametrize("way", ["plan/1", "task/x", "task/²", "task/99999999999999999999", "indicator/none", "target/1"])
def test_what_is_not_there_is_404(office: Office, way: str) -> None:
    assert office.client.get(f"/definitions/remove/{way}/").status_code == 404


def test_only_the_office_takes_back(office: Office) -> None:
    way = f"/definitions/remove/task/{office.quarter.task.pk}/"
    for person in (office.quarter.cast.xie, office.quarter.cast.shen, office.quarter.cast.du):
        office.client.force_login(person)
        assert office.client.get(way).status_code == 403
        assert office.client.post(way, {"reason": "x"}).status_code == 403
