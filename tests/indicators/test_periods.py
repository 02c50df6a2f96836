"""Labels and the dates they stand for."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from indicators.models import Period
from indicators.periods import last_ended, make_span, parse_label, read_period, shift


@pytest.mark.parametrize(
    ("label", "start", "end"),
    [
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("2025-S2", date(2025, 7, 1), date(2025, 12, 31)),
        ("2025-Q1", date(2025, 1, 1), date(2025, 3, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2016-01/2020-12", date(2016, 1, 1), date(2020, 12, 31)),
    ],
)
def test_a_label_names_its_dates(label: str, start: date, end: date) -> None:
    span = parse_label(label)
    assert (span.label, span.starts_on, span.ends_on) == (label, start, end)


@pytest.mark.parametrize("label", ["", "2025-Q5", "2025-S3", "2025-13", "25-Q1", "2025Q1", "2020-12/2016-01", "2025-Q1 ", "２０２５"])
def test_what_is_no_label_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="not a period label"):
        parse_label(label)


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("2025", "2025"),
        ("２０２５ 年", "2025"),
        ("2025年第三季度", "2025-Q3"),
        ("2025年3季度", "2025-Q3"),
        ("2025-q3", "2025-Q3"),
        ("2025年上半年", "2025-S1"),
        ("2025年3月", "2025-03"),
        ("2016-01/2020-12", "2016-01/2020-12"),
    ],
)
def test_a_period_is_read_as_people_write_it(written: str, label: str) -> None:
    assert read_period(written).label == label


@pytest.mark.parametrize("written", ["", "25年", "2025年13月", "2025年五季度", "2025-24", "三年"])
def test_what_names_no_period_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="not a period label"):
        read_period(written)


frequencies = st.sampled_from(["year", "half", "quarter", "month"])


@given(frequencies, st.integers(1950, 2100), st.integers(1, 12), st.integers(-60, 60))
def test_shifting_there_and_back_is_nothing(frequency: str, year: int, number: int, steps: int) -> None:
    count = {"year": 1, "half": 2, "quarter": 4, "month": 12}[frequency]
    span = make_span(frequency, year, (number - 1) % count + 1)  # type: ignore[arg-type]
    assert shift(shift(span, steps), -steps) == span
    assert parse_label(span.label) == span


def test_the_last_ended_quarter() -> None:
    assert last_ended("quarter", date(2026, 11, 24)).label == "2026-Q3"
    assert last_ended("quarter", date(2026, 9, 30)).label == "2026-Q2"
    assert last_ended("year", date(2026, 1, 1)).label == "2025"


@pytest.mark.django_db
def test_the_database_knows_what_a_label_says() -> None:
    for label in ("2025", "2025-S2", "2025-Q1", "2024-02", "2016-01/2020-12"):
        Period.objects.get_or_add(label)
    for wrong in (
        {"label": "2025-Q2", "frequency": "quarter", "starts_on": date(2025, 1, 1), "ends_on": date(2025, 3, 31)},
        {"label": "2025-Q3", "frequency": "quarter", "starts_on": date(2025, 7, 1), "ends_on": date(2025, 9, 29)},
        {"label": "2026", "frequency": "year", "starts_on": date(2026, 1, 2), "ends_on": date(2026, 12, 31)},
        {"label": "2025-03", "frequency": "range", "starts_on": date(2025, 3, 1), "ends_on": date(2025, 3, 31)},
    ):
        with pytest.raises(IntegrityError, match="period_label_says_its_dates"), transaction.atomic():
            Period.objects.create(**wrong)
