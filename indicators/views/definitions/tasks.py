"""Tasks and what hangs on them: milestones, indicators, a light set by hand."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kejiting.accounts.http import SignedInRequest, paginate

from ...actions import definitions as actions
from ...errors import RecordError
from ...forms.tasks import LinkIndicatorForm, MilestoneForm, OverrideForm, TaskForm
from ...models import Indicator, Light, LightOverride, Milestone, Task
from ...queries.definitions import (
    find_tasks,
    get_assignments_of,
    get_next_milestone_number,
    get_next_task_number,
    get_task_for_edit,
)
from .. import detours
from ..office import AnyForm, answer_form, defines, get_plan, submit


@defines
@require_GET
def task_list(request: SignedInRequest) -> HttpResponse:
    plan, search = get_plan(), request.GET.get("q", "").strip()
    context = {"plan": plan, "page": paginate(request, find_tasks(request.user, plan, search)), "search": search}
    return render(request, "indicators/definitions/tasks.html", context)


@defines
@require_http_methods(["GET", "POST"])
def task_add(request: SignedInRequest) -> HttpResponse:
    plan = get_plan()
    if plan is None:
        return render(request, "indicators/definitions/no_plan.html")
    today = timezone.localdate()
    is_over = plan.ends_on < today
    initial = {
        "number": get_next_task_number(plan),
        "starts_on": None if is_over else max(plan.starts_on, today),
        "due_on": None if is_over else plan.ends_on,
    }
    form = TaskForm(request.POST or None, instance=Task(plan=plan), initial=initial, user=request.user)
    return answer_form(
        request,
        form,
        lambda: actions.add_task(by=request.user, plan=plan, **form.changed_values()),
        done=lambda task: _("已添加任务 %(task)s。接着可以添加节点、关联指标，并设定由谁填报。") % {"task": task},
        to=_task_url,
        title=_("添加任务"),
        warning=_("规划期已于 %(day)s 结束：新任务的起止日期请按实际填写。") % {"day": plan.ends_on.isoformat()} if is_over else "",
        back=("definition-task-list", _("任务")),
    )


@defines
@require_http_methods(["GET", "POST"])
def task_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    task = _get_task(request, pk)
    form = TaskForm(request.POST or None, instance=task, user=request.user)
    return answer_form(
        request,
        form,
        lambda: actions.edit_task(task, by=request.user, **form.changed_values()),
        done=lambda saved: _("已保存任务 %(task)s。") % {"task": saved},
        to=_task_url,
        template="indicators/definitions/task.html",
        **_task_context(request, task),
    )


def _task_url(task: Task) -> str:
    return reverse("definition-task", args=[task.pk])


def _get_task(request: SignedInRequest, pk: int) -> Task:
    try:
        return get_task_for_edit(request.user, pk)
    except Task.DoesNotExist:
        raise Http404(_("没有这项任务，或者您无权查看。")) from None


def _task_context(request: SignedInRequest, task: Task, **more: Any) -> dict[str, Any]:
    overrides = list(task.light_overrides.all())
    return {
        "task": Task.objects.get(pk=task.pk),  # as stored: the form has written what was typed into its own
        "shown": task,
        "overrides": overrides,
        "override": overrides[0] if overrides and overrides[0].light else None,
        "link_form": _make_link_form(request, task),
        "assignments": get_assignments_of(task),
        "override_form": OverrideForm(auto_id="override_%s", initial={"light": overrides[0].light if overrides else ""}),
        "may_override": request.user.has_perm("task.override_light"),
        **more,
    }


def _make_link_form(request: SignedInRequest, task: Task) -> LinkIndicatorForm:
    form = LinkIndicatorForm(task=task, user=request.user, auto_id="link_%s")
    detours.take_up(request, form)
    return form


def _answer_part(request: SignedInRequest, task: Task, form: AnyForm, act: Any, done: str, name: str) -> HttpResponse:
    """One of the small forms on a task's page: done, or the page again with what was wrong."""
    if request.method == "GET":  # the address of a form that was refused, opened again
        return redirect(_task_url(task))
    if detours.is_asked(request):
        return detours.leave(request, form, path=_task_url(task))
    _result, status = submit(form, act)
    if status == 200:
        messages.success(request, done)
        return redirect(_task_url(task))
    context = _task_context(request, task, form=TaskForm(instance=task, user=request.user), failed=form)
    return render(request, "indicators/definitions/task.html", context | {name: form}, status=status)


@defines
@require_http_methods(["GET", "POST"])
def link_indicator(request: SignedInRequest, pk: int) -> HttpResponse:
    task = _get_task(request, pk)
    form = LinkIndicatorForm(request.POST, task=task, user=request.user, auto_id="link_%s")
    return _answer_part(
        request,
        task,
        form,
        lambda: actions.link_indicator(task, form.cleaned_data["indicator"], by=request.user),
        _("已关联指标，任务的灯色正在重算。"),
        "link_form",
    )


@defines
@require_POST
def unlink_indicator(request: SignedInRequest, pk: int, code: str) -> HttpResponse:
    task = _get_task(request, pk)
    indicator = get_object_or_404(Indicator.objects.visible_to(request.user), code=code)
    try:
        actions.unlink_indicator(task, indicator, by=request.user)
        messages.success(request, _("已解除与“%(indicator)s”的关联；指标和数值不变。") % {"indicator": indicator})
    except RecordError as error:
        messages.error(request, error.message)
    return redirect(_task_url(task))


@defines
@require_http_methods(["GET", "POST"])
def override_light(request: SignedInRequest, pk: int) -> HttpResponse:
    task = _get_task(request, pk)
    form = OverrideForm(request.POST, auto_id="override_%s")

    def act() -> LightOverride:
        return actions.override_light(task, by=request.user, **form.cleaned_data)

    light = request.POST.get("light")
    done = _("灯色已调整为“%(light)s”，并注明为人工调整。") % {"light": Light(light).label} if light in Light.values else _("已撤销调整，按计算结果亮灯。")
    return _answer_part(request, task, form, act, done, "override_form")


@defines
@require_http_methods(["GET", "POST"])
def milestone_add(request: SignedInRequest, pk: int) -> HttpResponse:
    task = _get_task(request, pk)
    initial = {"number": get_next_milestone_number(task), "due_on": task.due_on}
    form = MilestoneForm(request.POST or None, instance=Milestone(task=task), initial=initial)
    return answer_form(
        request,
        form,
        lambda: actions.add_milestone(task, by=request.user, **form.changed_values()),
        done=lambda milestone: _("已添加节点“%(milestone)s”。由哪个单位报告，请在“分工”中设定。") % {"milestone": milestone},
        to=lambda milestone: _task_url(task),
        title=_("添加节点：%(task)s") % {"task": task},
        back=("definition-task-list", _("任务")),
    )


@defines
@require_http_methods(["GET", "POST"])
def milestone_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    milestone = get_object_or_404(Milestone.objects.filter(task__in=Task.objects.visible_to(request.user)).select_related("task"), pk=pk)
    form = MilestoneForm(request.POST or None, instance=milestone)
    return answer_form(
        request,
        form,
        lambda: actions.edit_milestone(milestone, by=request.user, **form.changed_values()),
        done=lambda saved: _("已保存节点“%(milestone)s”。") % {"milestone": saved},
        to=lambda saved: _task_url(saved.task),
        title=_("节点：%(milestone)s") % {"milestone": milestone},
        thing=milestone,
        removable="milestone",
        back=("definition-task-list", _("任务")),
    )
