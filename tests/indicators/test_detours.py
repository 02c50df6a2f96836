"""Adding what a form needs first without losing what was typed; and a subject chosen by the address that leads to a form."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from indicators.models import Assignment, Document, Indicator, Milestone, Target, Task
from tests.builders import Cast, make_indicator, make_plan, make_task

pytestmark = pytest.mark.django_db


class Office:
    def __init__(self) -> None:
        self.cast = Cast()
        self.plan = make_plan()
        self.task = make_task(self.plan, 1, self.cast.gxt)
        self.client = Client()
        self.client.force_login(self.cast.guo)

    def get(self, path: str) -> str:
        response = self.client.get(path)
        assert response.status_code == 200
        return response.content.decode()

    def post(self, path: str, data: dict[str, Any]) -> str:
        """Where the answer leads."""
        response = self.client.post(path, data)
        assert response.status_code == 302, response.content.decode()
        return str(response["Location"])


@pytest.fixture
def office() -> Office:
    return Office()


def indicator_form(**changes: Any) -> dict[str, Any]:
    form = {
        "code": "labs",
        "name_zh": "重点实验室",
        "unit_of_measure": "个",
        "decimals": "0",
        "direction": "higher",
        "accumulation": "stock",
        "entry_form": "as_stored",
        "origin": "reported",
        "frequency": "quarter",
        "classification": "public",
        "text_zh": "期末在册数",
        "valid_from": "2025年1月1日",
    }
    return form | changes


def test_a_document_is_added_on_the_way_and_nothing_typed_is_lost(office: Office) -> None:
    # Half of the form, and some of it wrong: nothing is judged before the form is sent.
    away = office.post("/definitions/indicators/add/", {"name_zh": "打好的字", "minimum": "约3", "valid_from": "明天", "detour": "document"})
    assert away.startswith("/definitions/documents/add/?detour=")
    assert "添加后回到刚才的表单" in office.get(away)
    back = office.post(away, {"kind": "plan", "title": "新的文件"})
    page = office.get(back)
    document = Document.objects.get()
    assert back.startswith("/definitions/indicators/add/?resume=")
    for words in ("已添加文件", 'value="打好的字"', 'value="约3"', 'value="明天"', f'<option value="{document.pk}" selected>'):
        assert words in page
    assert not Indicator.objects.exists()
    assert office.post(back, indicator_form(document=document.pk)) == "/definitions/indicators/code/labs/"


def test_detours_nest(office: Office) -> None:
    """For a target one adds its indicator, and for that the document of its definition."""
    to_indicator = office.post("/definitions/targets/add/", {"period": "2026年", "value": "120", "new_title": "目标文件", "detour": "indicator"})
    to_document = office.post(to_indicator, {"name_zh": "途中的指标", "detour": "document"})
    at_indicator = office.post(to_document, {"kind": "plan", "title": "口径文件"})
    page = office.get(at_indicator)
    assert "途中的指标" in page
    assert "添加后回到刚才的表单" in page
    document = Document.objects.get()
    at_target = office.post(at_indicator, indicator_form(name_zh="途中的指标", document=document.pk))
    page = office.get(at_target)
    for words in ('value="2026年"', 'value="120"', 'value="目标文件"', f'<option value="{Indicator.objects.get().pk}" selected>途中的指标'):
        assert words in page
    assert not Target.objects.exists()


def test_who_adds_nothing_finds_the_form_as_it_was(office: Office) -> None:
    away = office.post("/definitions/tasks/add/", {"title_zh": "写了一半", "cooperating_units": [office.cast.gxt.pk, office.cast.city.pk], "detour": "document"})
    page = office.get(away)
    back = page.partition("不添加，回到刚才的表单")[0].rpartition('href="')[2].partition('"')[0]
    page = office.get(back)
    assert "写了一半" in page
    assert page.count(" checked") == 2
    assert not Document.objects.exists()


def test_an_unknown_way_leads_nowhere_else(office: Office) -> None:
    assert office.post("/definitions/indicators/add/", {"detour": "name_zh"}) == "/definitions/indicators/add/"
    assert office.post("/definitions/documents/add/?detour=x", {"kind": "plan", "title": "文件"}) == "/definitions/documents/"
    assert "写了一半" not in office.get("/definitions/tasks/add/?resume=x")


def test_what_is_kept_is_for_its_own_form_and_its_own_person(office: Office) -> None:
    away = office.post("/definitions/indicators/add/", {"name_zh": "打好的字", "detour": "document"})
    key = away.partition("=")[2]
    assert "打好的字" in office.get(f"/definitions/indicators/add/?resume={key}")
    assert "打好的字" not in office.get(f"/definitions/documents/add/?resume={key}")
    office.client.force_login(office.cast.jiang)
    assert "打好的字" not in office.get(f"/definitions/indicators/add/?resume={key}")


def test_only_the_newest_detours_are_kept(office: Office) -> None:
    for number in range(12):
        office.post("/definitions/indicators/add/", {"name_zh": str(number), "detour": "document"})
    assert [kept["typed"]["name_zh"] for kept in office.client.session["detours"].values()] == [[str(n)] for n in range(2, 12)]


def test_an_indicator_is_added_for_a_task_and_chosen_there(office: Office) -> None:
    path = f"/definitions/tasks/{office.task.pk}/"
    away = office.post(f"{path}indicators/add/", {"indicator": "", "detour": "indicator"})
    back = office.post(away, indicator_form())
    assert back.startswith(f"{path}?resume=")
    assert f'<option value="{Indicator.objects.get().pk}" selected>' in office.get(back)
    # The address of the small form itself, opened again, is its page.
    assert office.client.get(f"{path}indicators/add/")["Location"] == path
    assert office.client.get(f"{path}light/")["Location"] == path


# -- the subject chosen by the address ----------------------------------------------------------


def test_an_assignment_is_offered_where_its_subject_is_defined(office: Office) -> None:
    indicator = make_indicator()
    milestone = Milestone.objects.create(task=office.task, number=1, title_zh="节点一", due_on=date(2025, 9, 30))
    ways = {
        "/definitions/assignments/add/indicator/?indicator=contracts": ("/definitions/indicators/code/contracts/", {"indicator": indicator.pk, "area": "620000"}),
        f"/definitions/assignments/add/milestone/?milestone={milestone.pk}": (f"/definitions/tasks/{office.task.pk}/", {"milestone": milestone.pk}),
        f"/definitions/assignments/add/narrative/?task={office.task.pk}": (f"/definitions/tasks/{office.task.pk}/", {"task": office.task.pk}),
    }
    for way, (subject, form) in ways.items():
        page = office.get(subject)
        assert escape(way) in page
        assert "批次开放时不会问到它" in page or Assignment.objects.exists()
        assert f'<option value="{next(iter(form.values()))}" selected>' in office.get(way)
        assert office.post(way, form | {"unit": office.cast.gxt.pk, "role": "reports", "starts_on": "2025-01-01"}) == subject
        assert "2025-01-01 起" in office.get(subject)


@pytest.mark.parametrize("query", ["indicator=none", "milestone=1", "task=x", "task=99999999999999999999", "task=²"])
def test_a_subject_that_is_not_there_is_left_to_be_chosen(office: Office, query: str) -> None:
    for kind in ("indicator", "milestone", "narrative"):
        assert office.client.get(f"/definitions/assignments/add/{kind}/?{query}").status_code == 200


def test_the_enter_key_saves(office: Office) -> None:
    """A browser presses the form's first button: the one before those that lead away."""
    page = office.get("/definitions/indicators/add/").partition('id="form"')[2]
    first = page.partition("<button")[2].partition(">")[0]
    assert 'type="submit"' in first
    assert "detour" not in first
    assert Task.objects.count() == 1
