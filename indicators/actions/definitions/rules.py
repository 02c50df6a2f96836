"""Rules that figures should satisfy; each change is a version with its reason."""

from django.db import transaction
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ...constraints import explained
from ...errors import RecordError, WrongState
from ...formulas import check_rule, read_formula
from ...models import Rule
from .core import is_demo, refuse_demo_parts, require, require_may_change, require_reason

SAID = ("formula", "severity", "sentence_zh", "is_withdrawn")


@transaction.atomic
def add_rule(*, by: User, code: str, formula: str, severity: str, sentence_zh: str) -> Rule:
    """Add a rule, in force from now on. Raises ``FormulaRefused`` for what is no comparison of indicators on record."""
    require(by, "rule.manage")
    if Rule.objects.filter(code=code).exists():
        raise RecordError(_("已有同一代码的规则，请换一个代码。"), field="code")
    rule = Rule(code=code, version=1, formula=read_formula(formula).strip(), severity=severity, sentence_zh=sentence_zh.strip())
    return _save(rule, by=by, checked_for=by)


@transaction.atomic
def edit_rule(
    rule: Rule, *, by: User, formula: str, severity: str, sentence_zh: str, reason: str, is_withdrawn: bool = False
) -> Rule:
    """Say a rule anew, or take it out of use; the earlier versions stay. ``WrongState`` where somebody else did since it was read."""
    require(by, "rule.manage")
    newest = Rule.objects.select_for_update().filter(code=rule.code).order_by("-version").first()
    if newest is None or newest.pk != rule.pk:
        raise WrongState(_("另一人刚刚修改了这条规则，请刷新后再改。"))
    require_may_change(by, rule)
    version = Rule(
        code=rule.code,
        version=rule.version + 1,
        formula=read_formula(formula).strip(),
        severity=severity,
        sentence_zh=sentence_zh.strip(),
        is_withdrawn=is_withdrawn,
        is_demo=rule.is_demo,
    )
    if all(getattr(rule, name) == getattr(version, name) for name in SAID):
        return rule
    version.reason = require_reason(reason, _("修改规则须写明原因。"))
    return _save(version, by=by, checked_for=by if version.formula != rule.formula else None)


def _save(rule: Rule, *, by: User, checked_for: User | None) -> Rule:
    """Write a version that stands. What is not typed anew is checked for nobody: it may read what the person may not see."""
    _formula, reads = check_rule(rule.formula, by=checked_for)
    if not rule.sentence_zh:
        raise RecordError(_("请写明规则的意思：不满足时照此提示。"), field="sentence_zh")
    rule.set_by, rule.is_demo = by, rule.is_demo or is_demo(by, *reads)
    refuse_demo_parts(rule.is_demo, *reads)
    with explained():
        rule.save(force_insert=True)
    verb = "rule.add" if rule.version == 1 else "rule.edit"
    record_event(verb, rule, by=by, reason=rule.reason, version=rule.version, values={name: getattr(rule, name) for name in SAID})
    return rule
