"""Reading ``?as_of=`` and ``?known_on=``."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from indicators.errors import RecordError
from indicators.queries.moments import NOW, parse_moment
from indicators.recompute import run
from tests.builders import Quarter


def test_a_day_is_its_end_in_shanghai() -> None:
    assert parse_moment("2025-09-30", None).as_of == datetime(2025, 9, 30, 15, 59, 59, 999999, tzinfo=UTC)
    assert parse_moment("2025-09-30T18:00:00 08:00", None).as_of == datetime(2025, 9, 30, 10, tzinfo=UTC)
    assert parse_moment(None, "") == NOW


@pytest.mark.parametrize(
    "text", ["yesterday", "2025-13-01", "2025-02-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2999-01-01", "９", "2025-09-30T25:00"]
)
def test_what_is_no_past_moment_is_refused_in_words(text: str) -> None:
    with pytest.raises(RecordError, match=r"日期|还没有到"):
        parse_moment(text, None)


def test_today_is_still_now() -> None:
    assert parse_moment(timezone.localdate().isoformat(), None).as_of is not None
    with pytest.raises(RecordError):
        parse_moment(None, (timezone.localdate() + timedelta(days=9)).isoformat())


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/tasks/", "/indicators/", "/indicators/contracts/", "/index/", "/plans/plan/tasks/1/"])
def test_pages_answer_a_bad_moment_with_a_sentence(client: Client, path: str) -> None:
    client.force_login(Quarter().cast.du)
    answer = client.get(path, {"as_of": "0001-01-01T00:00:00+14:00"})
    assert answer.status_code == 400
    assert "不是日期" in answer.content.decode()


@pytest.mark.django_db
def test_a_page_of_before_the_first_result_says_why_it_has_no_verdicts(client: Client) -> None:
    quarter = Quarter()
    quarter.accept()
    run()
    client.force_login(quarter.cast.du)
    sentence = "系统最早的计算结果算于"
    assert sentence in client.get("/", {"as_of": "2026-01-01"}).content.decode()
    assert sentence not in client.get("/", {"as_of": timezone.localdate().isoformat()}).content.decode()
    assert sentence not in client.get("/").content.decode()
