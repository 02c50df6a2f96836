"""The official task list by Excel, in two steps: what the file would do, then doing it.

Between the steps the rows are kept in the session, on the server: what is confirmed is what was shown.
"""

import hashlib
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kejiting.accounts.http import SignedInRequest, takes_file
from kejiting.accounts.models import Unit

from ...actions.task_import import TaskListPlan, import_tasks, plan_task_list
from ...errors import RecordError
from ...forms.tasks import TaskListForm
from ...imports.tasks.sheet import SheetRow, TaskSheet, make_template, read_task_sheet
from ...models import Plan
from ...uploads import MAX_SIZE
from ..office import defines, get_plan, submit

KEPT = "task_import"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@defines
@require_GET
def template(request: SignedInRequest) -> HttpResponse:
    """An empty list to fill in."""
    plan = get_plan()
    aspects = [f"{a.number} {a.name_zh}" for a in plan.aspects.all()] if plan else []
    units = Unit.objects.filter(dissolved_on=None).order_by("kind", "code").values_list("name_zh", flat=True)
    response = HttpResponse(make_template(aspects=aspects, units=units), content_type=XLSX)
    response["Content-Disposition"] = "attachment; filename=tasks-template.xlsx"
    return response


@takes_file(lambda: MAX_SIZE)
@defines
@require_http_methods(["GET", "POST"])
def upload(request: SignedInRequest) -> HttpResponse:
    """Take the file, and show what it would do. Nothing of it is saved in the record."""
    plan = get_plan()
    if plan is None:
        return render(request, "indicators/definitions/no_plan.html")
    if request.method == "GET":
        return render(request, "indicators/definitions/task_import.html", {"form": TaskListForm(), "plan": plan})
    form = TaskListForm(request.POST, request.FILES)
    sheet, status = submit(form, lambda: _read(form.cleaned_data["file"]))
    if sheet is None:
        return render(request, "indicators/definitions/task_import.html", {"form": form, "plan": plan}, status=status)
    file = form.cleaned_data["file"]
    file.seek(0)
    kept = {"name": file.name, "sha256": hashlib.sha256(file.read()).hexdigest(), "sheet": asdict(sheet)}
    return _show_preview(request, plan, kept)


def _read(file: Any) -> TaskSheet:
    return read_task_sheet(file, file.name, file.size)


def _show_preview(request: SignedInRequest, plan: Plan, kept: dict[str, Any], *, error: str = "", status: int = 200) -> HttpResponse:
    intended = plan_task_list(_sheet(kept), plan=plan, by=request.user)
    request.session[KEPT] = kept | {"facts": intended.facts, "plan": plan.pk}
    return render(request, "indicators/definitions/task_import_preview.html", _context(plan, kept, intended, error), status=status)


def _context(plan: Plan, kept: dict[str, Any], intended: TaskListPlan, error: str) -> dict[str, Any]:
    names = ("new", "changed", "unchanged", "refused")
    return {
        "plan": plan,
        "name": kept["name"],
        "sha256": kept["sha256"],
        "sheet": _sheet(kept),
        "intended": intended,
        "counts": {name: intended.count(name) for name in names},
        "official": sum(row.becomes_official for row in intended.rows),
        "doubted": sum(bool(row.doubts) for row in intended.rows),
        "error": error,
    }


def _sheet(kept: dict[str, Any]) -> TaskSheet:
    return TaskSheet(**kept["sheet"] | {"rows": [SheetRow(**row) for row in kept["sheet"]["rows"]]})


@defines
@require_POST
def confirm(request: SignedInRequest) -> HttpResponse:
    """Import what the preview showed: all of it, or nothing."""
    kept, plan = request.session.get(KEPT), get_plan()
    if plan is None or not kept or "sheet" not in kept or kept["sha256"] != request.POST.get("sha256") or kept["plan"] != plan.pk:
        messages.error(request, _("没有待确认的文件：请重新上传。"))
        return redirect("definition-task-import")
    try:
        done = import_tasks(_sheet(kept), plan=plan, by=request.user, name=kept["name"], sha256=kept["sha256"], expected=kept["facts"])
    except RecordError as error:
        return _show_preview(request, plan, kept, error=error.message, status=error.status)
    del request.session[KEPT]
    messages.success(request, _("已导入：新增 %(new)s 项，更新 %(changed)s 项，不变 %(unchanged)s 项。") % {n: done.count(n) for n in ("new", "changed", "unchanged")})
    return redirect("definition-task-list")
