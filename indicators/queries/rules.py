"""The screens of validation rules: the list, one rule with its versions, and what a rule would find before it is saved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext as _

from kejiting.accounts.models import User

from ..analysis.formula import parse
from ..compute.rules import Broken, Outcome, ParsedRule, judge_rules, list_codes, load_figures, parse_rule, resolve
from ..formulas import FormulaRefused
from ..models import Indicator, Rule
from .marked_text import MarkedText

# More than these are counted, not listed.
MOST_BROKEN = 30


@dataclass(frozen=True)
class RuleRow:
    """A rule in the list, as it was last said, with how it fares over the record; no outcome where it is not in use."""

    rule: Rule
    reads: Sequence[Indicator]
    outcome: Outcome | None


def get_rules_seen(user: User, search: str = "") -> list[RuleRow]:
    """The newest version of each rule whose indicators the user may all see, those in use first. Six queries, whatever the number of rules."""
    newest = Rule.objects.order_by("code", "-version").distinct("code").select_related("set_by__unit")
    words = search.lower().split()
    found = [rule for rule in newest if all(word in f"{rule.code} {rule.sentence_zh} {rule.formula}".lower() for word in words)]
    parsed = {each.rule.pk: each for each in _see(user, found)}
    used = [parsed[rule.pk] for rule in found if rule.pk in parsed and not rule.is_withdrawn]
    outcomes = {o.parsed.rule.pk: o for o in judge_rules(used, load_figures(used, by=user), tells_all=True)}
    rows = [RuleRow(rule, parsed[rule.pk].indicators, outcomes.get(rule.pk)) for rule in found if rule.pk in parsed]
    return sorted(rows, key=lambda row: (row.rule.is_withdrawn, row.rule.code))


def _see(user: User, rules: Iterable[Rule]) -> list[ParsedRule]:
    """Those that read nothing the user may not see."""
    parsed = resolve((rule, parse(rule.formula)) for rule in rules)
    ids = {indicator.pk for each in parsed for indicator in each.indicators}
    seen = set(Indicator.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
    return [each for each in parsed if seen.issuperset(i.pk for i in each.indicators)]


def get_newest_rule(user: User, code: str) -> Rule:
    """A rule as it was last said. Raises ``Rule.DoesNotExist``, also where it reads an indicator the user may not see."""
    rule = Rule.objects.filter(code=code).select_related("set_by__unit").order_by("-version").first()
    if rule is None or not may_see(user, rule):
        raise Rule.DoesNotExist
    return rule


def may_see(user: User, rule: Rule) -> bool:
    """Whether every indicator of the rule that is on record may be seen; one that is gone hides nothing."""
    rows = Indicator.objects.filter(code__in=list_codes(parse(rule.formula)))
    return not rows.exclude(pk__in=Indicator.objects.visible_to(user).values("pk")).exists()


@dataclass(frozen=True)
class RuleOrigin:
    """One version of a rule, to which a finding leads: who said it, when and why, and what was said before and after."""

    rule: Rule
    versions: Sequence[Rule]
    reads: Sequence[Indicator]
    # False where it reads an indicator the user may not see: then neither formula nor indicators are shown.
    is_open: bool

    @property
    def newest(self) -> Rule:
        return self.versions[0]


def get_rule_origin(user: User, key: int) -> RuleOrigin:
    """Raises ``Rule.DoesNotExist``."""
    rule = Rule.objects.select_related("set_by__unit").get(pk=key)
    versions = get_versions(rule.code)
    is_open = all(may_see(user, version) for version in versions)
    parsed = resolve([(rule, parse(rule.formula))]) if is_open else []
    return RuleOrigin(rule, versions, parsed[0].indicators if parsed else [], is_open)


def get_versions(code: str) -> list[Rule]:
    """The newest first."""
    return list(Rule.objects.filter(code=code).select_related("set_by__unit").order_by("-version"))


# -- before it is saved --------------------------------------------------------------------------


@dataclass
class RulePreview:
    """What is wrong with a rule as it is typed, or what it would find in the record now, beside what the rule in force finds."""

    text: str
    reads: Sequence[Indicator] = ()
    outcome: Outcome | None = None
    before: Outcome | None = None
    refusal: FormulaRefused | None = None
    # The first that a person wants to see: home, then the newest.
    shown: Sequence[Broken] = field(default_factory=list)

    @property
    def marked(self) -> MarkedText:
        return MarkedText.of(self.text, self.refusal)

    @property
    def summary(self) -> str:
        """One sentence, for who listens to the page."""
        if self.refusal:
            return self.refusal.message
        if self.outcome is None:
            return ""
        if not self.outcome.judged:
            return _("公式可用；在册的数还不齐，没有可核对的。")
        words = {"n": self.outcome.judged, "held": self.outcome.held, "broken": len(self.outcome.broken)}
        return _("公式可用；在册数值核对 %(n)s 处：%(held)s 处符合，%(broken)s 处不符合。") % words

    @property
    def is_other(self) -> bool:
        """Whether the rule in force fares otherwise."""
        if self.before is None or self.outcome is None:
            return False
        return (self.before.held, self.before.judged) != (self.outcome.held, self.outcome.judged)

    @property
    def unlisted(self) -> int:
        return len(self.outcome.broken) - len(self.shown) if self.outcome else 0


def preview_rule(user: User, text: str, *, sentence: str = "", current: Rule | None = None) -> RulePreview:
    """Where the record breaks a rule as it is typed, as far as the user may see the record. Writes nothing."""
    preview = RulePreview(text)
    typed = Rule(code=current.code if current else "", formula=text, sentence_zh=sentence.strip() or _("（说明未填）"))
    try:
        parsed = parse_rule(typed, by=user)
    except FormulaRefused as refusal:
        preview.refusal = refusal
        return preview
    before = resolve([(current, parse(current.formula))]) if current and not current.is_withdrawn else []
    preview.reads = parsed.indicators
    preview.outcome, *others = judge_rules([parsed, *before], load_figures([parsed, *before], by=user), tells_all=True)
    preview.before = others[0] if others else None
    preview.shown = sorted(preview.outcome.broken, key=_is_elsewhere)[:MOST_BROKEN]
    return preview


def _is_elsewhere(broken: Broken) -> bool:
    """Home comes first; the order is otherwise kept, which is by time."""
    return broken.area.pk != settings.HOME_AREA
