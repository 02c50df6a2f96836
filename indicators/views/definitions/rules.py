"""Validation rules: those in use and where the record breaks them, and the form of one with its preview."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from kejiting.accounts.http import SignedInRequest

from ...actions import definitions as actions
from ...forms.rules import RuleForm
from ...formulas import read_formula
from ...models import Rule
from ...queries.rules import RulePreview, get_newest_rule, get_rule_origin, get_rules_seen, preview_rule
from ..office import answer_form, make_form, manages_rules

TEMPLATE = "indicators/definitions/rule.html"


@manages_rules
@require_GET
def rule_list(request: SignedInRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()
    return render(request, "indicators/definitions/rules.html", {"rows": get_rules_seen(request.user, search), "search": search})


@manages_rules
@require_http_methods(["GET", "POST"])
def rule_add(request: SignedInRequest) -> HttpResponse:
    form = make_form(request, RuleForm, user=request.user)
    return answer_form(
        request,
        form,
        lambda: actions.add_rule(by=request.user, **form.cleaned_data),
        done=lambda rule: _("已添加规则 %(code)s：提交报表和导入统计数据时即照此核对。") % {"code": rule.code},
        to=lambda rule: reverse("definition-rule", args=[rule.code]),
        template=TEMPLATE,
        title=_("添加校验规则"),
        preview=SimpleLazyObject(lambda: _preview(request, None)),
    )


@manages_rules
@require_http_methods(["GET", "POST"])
def rule_edit(request: SignedInRequest, code: str) -> HttpResponse:
    """A rule as it was last said; saving makes the next version, and the earlier ones stay below."""
    try:
        rule = get_newest_rule(request.user, code)
    except Rule.DoesNotExist:
        raise Http404(_("没有这条规则，或者您无权查看。")) from None
    form = make_form(request, RuleForm, user=request.user, rule=rule)
    return answer_form(
        request,
        form,
        lambda: actions.edit_rule(rule, by=request.user, **form.cleaned_data),
        done=lambda saved: _say_saved(saved, before=rule),
        to=lambda saved: reverse("definition-rule", args=[saved.code]),
        template=TEMPLATE,
        title=rule.code,
        rule=rule,
        origin=SimpleLazyObject(lambda: get_rule_origin(request.user, rule.pk)),
        preview=SimpleLazyObject(lambda: _preview(request, rule)),
    )


def _say_saved(saved: Rule, *, before: Rule) -> str:
    if saved.pk == before.pk:
        return _("规则没有改动。")
    words = {"code": saved.code, "n": saved.version}
    return (_("规则 %(code)s 已停用（第 %(n)s 版）。") if saved.is_withdrawn else _("已保存规则 %(code)s 的第 %(n)s 版，即时生效。")) % words


def _preview(request: SignedInRequest, rule: Rule | None) -> RulePreview | None:
    """Of what was typed, or else of the rule as it stands."""
    typed = request.POST if request.method == "POST" else {}
    text = read_formula(typed.get("formula", rule.formula if rule else ""))
    sentence = typed.get("sentence_zh", rule.sentence_zh if rule else "")
    return preview_rule(request.user, text, sentence=sentence, current=rule) if text.strip() else None
