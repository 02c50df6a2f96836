"""Taking back what was entered by mistake and nothing uses yet: a page that asks why, then the deed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from kejiting.accounts.http import SignedInRequest
from kejiting.accounts.models import User

from ...actions.definitions import removal as actions
from ...formatting import format_period
from ...forms.tasks import RemovalForm
from ...models import Assignment, Document, Indicator, Milestone, Target, Task
from ..office import answer_form, defines

_UNUSED = gettext_lazy("只能删除还没有被引用的；删除的内容和原因留在审计里。")
_DELETE = gettext_lazy("删除")


@dataclass(frozen=True)
class Removal:
    """How one kind of thing is taken back: which one may see, what does it, where one goes then."""

    name: Promise
    rows: Callable[[User], QuerySet[Any]]
    act: Callable[..., Any]
    view: str
    list_view: str
    intro: Promise = _UNUSED
    key: str = "pk"
    verb: Promise = _DELETE


def _of_visible_tasks(user: User) -> QuerySet[Milestone]:
    return Milestone.objects.filter(task__in=Task.objects.visible_to(user)).select_related("task")


def _assignments(user: User) -> QuerySet[Assignment]:
    return Assignment.objects.select_related("unit", "indicator", "milestone", "task")


KINDS = {
    "task": Removal(gettext_lazy("任务"), Task.objects.visible_to, actions.remove_task, "definition-task", "definition-task-list"),
    "milestone": Removal(gettext_lazy("节点"), _of_visible_tasks, actions.remove_milestone, "definition-milestone", "definition-task-list"),
    "indicator": Removal(
        gettext_lazy("指标"), Indicator.objects.visible_to, actions.remove_indicator, "definition-indicator", "definition-indicator-list", key="code"
    ),
    "document": Removal(gettext_lazy("文件"), lambda user: Document.objects.all(), actions.remove_document, "definition-document", "definition-document-list"),
    "assignment": Removal(
        gettext_lazy("分工"),
        _assignments,
        actions.remove_assignment,
        "definition-assignment-end",
        "definition-assignment-list",
        gettext_lazy("还没有填报过的才能删除：各期报表中它的空行一并去掉。填报过的，请改为结束。"),
    ),
    "target": Removal(
        gettext_lazy("目标"),
        Target.objects.visible_to,
        actions.withdraw_target,
        "definition-target",
        "definition-target-list",
        gettext_lazy("撤回后这个目标不再有效，可以在同一份文件下重新设定；它曾经是怎样设定的，仍可查看。"),
        verb=gettext_lazy("撤回"),
    ),
}


@defines
@require_http_methods(["GET", "POST"])
def remove(request: SignedInRequest, kind: str, key: str) -> HttpResponse:
    """Ask why, and take one thing back."""
    removal = KINDS.get(kind)
    thing = _find(removal, request.user, key) if removal else None
    if removal is None or thing is None:
        raise Http404(_("没有这一项，或者您无权查看。"))
    form, words = RemovalForm(request.POST or None), {"verb": removal.verb, "name": removal.name, "thing": _name(thing)}
    return answer_form(
        request,
        form,
        lambda: removal.act(thing, by=request.user, **form.cleaned_data) or True,
        done=lambda _done: _("已%(verb)s%(name)s“%(thing)s”。") % words,
        to=lambda _done: _get_next(removal, thing),
        title=_("%(verb)s%(name)s：%(thing)s") % words,
        intro=removal.intro,
        verb=removal.verb,
        thing=thing,
        back=(removal.list_view, removal.name),
        stay=reverse(removal.view, args=[key]),
    )


def _find(removal: Removal, user: User, key: str) -> Any:
    if removal.key == "pk" and not (key.isascii() and key.isdecimal() and len(key) < 18):
        return None
    return removal.rows(user).filter(**{removal.key: key}).first()


def _name(thing: Model) -> str:
    if isinstance(thing, Assignment):
        return f"{thing.unit} · {thing.subject}"
    return f"{thing.indicator} {format_period(thing.period_id)}" if isinstance(thing, Target) else str(thing)


def _get_next(removal: Removal, thing: Model) -> str:
    """A target that was withdrawn is still to be seen; a milestone's task is; of the rest their list is left."""
    if isinstance(thing, Target):
        return reverse(removal.view, args=[thing.pk])
    return reverse("definition-task", args=[thing.task_id]) if isinstance(thing, Milestone) else reverse(removal.list_view)
