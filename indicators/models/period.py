from django.db import models
from django.db.models import BooleanField, F, Func
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import is_known

from ..periods import Span, parse_label


class _LabelAgrees(Func):
    """The label says exactly the dates: a quarter is a quarter, and a range's ends are whole months."""

    output_field = BooleanField()
    template = """CASE frequency
        WHEN 'year' THEN label = to_char(starts_on, 'YYYY') AND to_char(starts_on, 'MM-DD') = '01-01'
            AND ends_on = (starts_on + interval '12 months' - interval '1 day')::date
        WHEN 'half' THEN label = to_char(starts_on, 'YYYY') || '-S' || (extract(month from starts_on)::int + 5) / 6
            AND to_char(starts_on, 'MM-DD') IN ('01-01', '07-01')
            AND ends_on = (starts_on + interval '6 months' - interval '1 day')::date
        WHEN 'quarter' THEN label = to_char(starts_on, 'YYYY-"Q"Q')
            AND to_char(starts_on, 'MM-DD') IN ('01-01', '04-01', '07-01', '10-01')
            AND ends_on = (starts_on + interval '3 months' - interval '1 day')::date
        WHEN 'month' THEN label = to_char(starts_on, 'YYYY-MM') AND extract(day from starts_on) = 1
            AND ends_on = (starts_on + interval '1 month' - interval '1 day')::date
        ELSE label = to_char(starts_on, 'YYYY-MM') || '/' || to_char(ends_on, 'YYYY-MM')
            AND extract(day from starts_on) = 1 AND extract(day from ends_on + 1) = 1 AND starts_on <= ends_on
        END"""


class PeriodQuerySet(models.QuerySet["Period"]):
    def get_or_add(self, label: str) -> "Period":
        """The period of a label, kept from then on. Raises ``ValueError`` for what is no label."""
        return self.from_span(parse_label(label))

    def from_span(self, span: Span) -> "Period":
        return self.get_or_create(
            label=span.label,
            defaults={"frequency": span.frequency, "starts_on": span.starts_on, "ends_on": span.ends_on},
        )[0]


class Period(models.Model):
    """A stretch of time a figure is about."""

    class Frequency(models.TextChoices):
        YEAR = "year", _("年")
        HALF = "half", _("半年")
        QUARTER = "quarter", _("季度")
        MONTH = "month", _("月")
        RANGE = "range", _("区间")

    # The label is the key: it is what every program exchanges, and no join is needed to show it.
    label = models.CharField(_("期间"), max_length=15, primary_key=True)
    frequency = models.CharField(_("频率"), max_length=8, choices=Frequency)
    starts_on = models.DateField(_("起"))
    ends_on = models.DateField(_("止"))
    # A range stated as a running total ("2021年至2023年8月累计") and not as the amount of its own.
    is_cumulative = models.BooleanField(_("累计"), default=False)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("期间")
        verbose_name_plural = _("期间")
        ordering = ["starts_on", "ends_on"]
        constraints = [
            models.CheckConstraint(name="period_starts_before_it_ends", condition=models.Q(starts_on__lte=F("ends_on"))),
            models.CheckConstraint(name="period_label_says_its_dates", condition=_LabelAgrees()),
            is_known("frequency", ["year", "half", "quarter", "month", "range"]),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def span(self) -> Span:
        return Span(self.label, self.frequency, self.starts_on, self.ends_on)  # type: ignore[arg-type]  # the database keeps it to the five
