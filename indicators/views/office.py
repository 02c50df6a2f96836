"""What the office's screens share: who may open them, and how a form is answered."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kejiting.accounts.http import SignedInRequest

from ..errors import RecordError
from ..forms.base import DefinitionForm, OfficeForm
from ..models import Plan
from . import detours

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=OfficeForm | DefinitionForm)
View = Callable[Concatenate[SignedInRequest, P], HttpResponse]
AnyForm = OfficeForm | DefinitionForm


def office_only(permission: str) -> Callable[[View[P]], View[P]]:
    """Signed in, and holding the office's permission; anybody else who is signed in is answered 403."""

    def decorate(view: View[P]) -> View[P]:
        @login_required
        @wraps(view)
        def guarded(request: SignedInRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied(_("这里由主管处室管理。"))
            return view(request, *args, **kwargs)

        return guarded

    return decorate


defines = office_only("definition.manage")
manages_rounds = office_only("round.manage")
manages_rules = office_only("rule.manage")


def submit(form: AnyForm, act: Callable[[], T]) -> tuple[T | None, int]:
    """Do what a form asks, once its doubts are answered; what the record refuses becomes the form's error.

    Answers the result, None where nothing was done, and the HTTP status.
    """
    if not form.is_valid() or form.put_doubts():
        return None, 422
    try:
        return act(), 200
    except RecordError as error:
        field = error.detail.get("field")
        form.add_error(field if field in form.fields else None, error.message)
        return None, error.status


def is_preview(request: HttpRequest) -> bool:
    """Whether a form was sent to see what it would do, and not to do it."""
    return request.method == "POST" and "preview" in request.POST


def make_form(request: HttpRequest, form: Callable[..., F], **more: Any) -> F:
    """A form as it was sent; of a preview as it was typed, with nothing said of what is still missing."""
    return form(initial=request.POST.dict(), **more) if is_preview(request) else form(request.POST or None, **more)


def answer_form(
    request: HttpRequest,
    form: AnyForm,
    act: Callable[[], T],
    *,
    done: Callable[[T], str],
    to: Callable[[T], str],
    template: str = "indicators/definitions/form.html",
    **context: Any,
) -> HttpResponse:
    """Show a form; when it was sent and stands, do it, say what happened and go on to ``to``, or back to who needed it.

    A form with a ``preview`` among its context is shown with it; a script that asks for the preview alone gets that.
    """
    if detours.is_asked(request):
        return detours.leave(request, form)
    status = 200
    if is_preview(request):
        template = "indicators/definitions/_formula_check.html" if "fragment" in request.POST else template
    elif request.method == "POST":
        result, status = submit(form, act)
        if result is not None:
            messages.success(request, done(result))
            return redirect(detours.come_back(request, result) or to(result))
    else:
        detours.take_up(request, form)
    return render(request, template, {"form": form, "came_from": detours.give_up(request), **context}, status=status)


def get_plan() -> Plan | None:
    return Plan.objects.filter(is_current=True).first()
