"""A scale under a headline: where the figure stands, where it stood, where targets are. Numbers in, places out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from django.utils.translation import gettext as _

from indicators.formatting import format_number, format_period, format_value
from indicators.models import Target
from indicators.queries.vintages import Vintage

# All provinces that are ranked: the scale of a rank is never another.
RANKS = (Decimal(1), Decimal(31))
# The ends of the line, in percent of the picture: a mark at an end is still seen whole.
LEFT, WIDTH = Decimal(3), Decimal(94)


@dataclass(frozen=True)
class Mark:
    """Something on the scale: ``now``, ``before``, ``baseline`` or ``target``; the anchor keeps two labels apart."""

    kind: str
    x: str
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Scale:
    """A line from ``low`` to ``high`` with marks; ``label`` says the same in words."""

    low: str
    high: str
    marks: list[Mark]
    label: str


def make_scale(
    *, latest: Vintage | None, before: Vintage | None, baseline: Target | None, targets: Sequence[Target], is_rank: bool
) -> Scale | None:
    """None where there is nothing to stand on it but targets."""
    dots = [(kind, row.value) for kind, row in (("before", before), ("now", latest)) if row is not None and row.value is not None]
    if baseline and baseline.baseline_value is not None:
        # Where the way began says more than where it was last: a hollow mark is one or the other, never both.
        dots = [("baseline", baseline.baseline_value), *dots[-1:]]
    if not dots:
        return None
    absolute = [target for target in targets if target.kind == Target.Kind.ABSOLUTE]
    low, high = RANKS if is_rank else choose_ends([value for _kind, value in dots] + [target.value for target in absolute])
    marks = [Mark(kind, _place(value, low, high), format_number(value)) for kind, value in dots]
    return Scale(
        format_number(low),
        format_number(high),
        marks + _make_targets(absolute, low, high),
        _describe(latest, baseline, absolute, low, high),
    )


def choose_ends(values: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """Round numbers around the values with some air: 52.8, 55.1, 65 stand between 50 and 70."""
    lowest, highest = min(values), max(values)
    span = (highest - lowest) or abs(highest) or Decimal(1)
    step = next(s for s in _round_steps(span) if span / s <= 4)
    low = ((lowest - step / 4) / step).to_integral_value(ROUND_FLOOR) * step
    high = ((highest + step / 4) / step).to_integral_value(ROUND_CEILING) * step
    return (max(low, Decimal(0)) if lowest >= 0 else low), high


def _round_steps(span: Decimal) -> list[Decimal]:
    """1, 2, 5, 10, … of the span's size and the next."""
    power = span.adjusted() - 1
    return [Decimal(digit).scaleb(power + more) for more in range(3) for digit in (1, 2, 5)]


def _place(value: Decimal, low: Decimal, high: Decimal) -> str:
    share = min(max((value - low) / (high - low), Decimal(0)), Decimal(1))
    return f"{LEFT + share * WIDTH:.2f}%"


def _make_targets(targets: Sequence[Target], low: Decimal, high: Decimal) -> list[Mark]:
    values = sorted({target.value for target in targets})
    anchors = ["end", *["middle"] * (len(values) - 2), "start"] if len(values) > 1 else ["middle"]
    return [
        Mark("target", _place(value, low, high), format_number(value), anchor) for value, anchor in zip(values, anchors, strict=False)
    ]


def _describe(latest: Vintage | None, baseline: Target | None, targets: Sequence[Target], low: Decimal, high: Decimal) -> str:
    places = [f"{format_period(latest.period_id)} {format_value(latest.value, latest.unit_of_measure)}"] if latest else []
    if baseline and baseline.baseline_value is not None:
        places.append(_("基期 %(value)s") % {"value": format_value(baseline.baseline_value, baseline.unit_of_measure)})
    goals = "、".join(format_number(value) for value in sorted({target.value for target in targets})) or _("无")
    return _("标尺 %(low)s 至 %(high)s：%(now)s；目标 %(goals)s") % {
        "low": format_number(low),
        "high": format_number(high),
        "now": "，".join(places),
        "goals": goals,
    }
