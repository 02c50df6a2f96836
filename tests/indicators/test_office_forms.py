"""What the fields of the office's forms read, and what they say where they cannot."""

from datetime import UTC, date, datetime, time

import pytest
from django.core.exceptions import ValidationError

from indicators.forms.base import OfficeForm
from indicators.forms.fields import DayField, DueField, MomentField, ReasonField


@pytest.mark.parametrize(
    "text", ["2026-12-31", "2026/12/31", "2026.12.31", "20261231", "2026年12月31日", " ２０２６ 年 12 月 31 日 ", "２０２６－１２－３１"]
)
def test_a_day_is_read_as_people_write_it(text: str) -> None:
    assert DayField().clean(text) == date(2026, 12, 31)


@pytest.mark.parametrize("text", ["明天", "2026-02-30", "26-12-31", "31/12/2026", "2026年12月", "0205-01-01", "3000-01-01", "2026-12-31x"])
def test_what_is_no_day_is_answered_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        DayField().clean(text)
    assert refused.value.messages == [f"“{text}”不是日期：请写成 2026-12-31、2026/12/31 或 2026年12月31日。"]


def test_a_due_date_may_be_a_month_or_a_year_for_its_last_day() -> None:
    assert DueField().clean("2026年2月") == date(2026, 2, 28)
    assert DueField().clean("2026年底") == date(2026, 12, 31)
    assert DueField(required=False).clean("") is None
    with pytest.raises(ValidationError, match="不是时限"):
        DueField().clean("长期")


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("2026-12-31 18:30", 18, 30),
        ("2026-12-31T18:30", 18, 30),
        ("2026年12月31日18时30分", 18, 30),
        ("2026年12月31日 9点", 9, 0),
        ("２０２６/１２/３１　１８：３０", 18, 30),
        ("2026-12-31", 17, 0),
    ],
)
def test_a_moment_is_read_as_people_write_it_in_the_sites_time(text: str, hour: int, minute: int) -> None:
    assert MomentField(default=time(17)).clean(text) == datetime(2026, 12, 31, hour - 8, minute, tzinfo=UTC)


@pytest.mark.parametrize("text", ["18:00", "2026-12-31 25:00", "2026-12-31 18", "2026-12-31 18:60", "年底"])
def test_what_is_no_moment_is_answered_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValidationError, match="请写成 2026-12-31 18:00"):
        MomentField(default=time(17)).clean(text)


def test_what_is_expected_stands_under_the_field_before_anybody_types() -> None:
    assert "2026年12月31日" in str(DayField().help_text)
    assert str(DayField(help_text="含当日").help_text).startswith("含当日；如 2026-12-31")
    assert "只写日期即为当日 17:00" in str(MomentField(default=time(17)).help_text)


class ReasonForm(OfficeForm):
    reason = ReasonField()


def test_a_text_too_long_is_answered_and_not_cut_by_the_browser() -> None:
    form = ReasonForm({"reason": "长" * 600})
    assert form.errors["reason"] == ["最多 500 字，已超出 100 字。"]
    assert "maxlength" not in form.as_p()
    assert form["reason"].value() == "长" * 600
    assert ReasonForm({"reason": "长" * 500}).is_valid()
