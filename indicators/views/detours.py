"""Adding what a form needs first (a document for a target) without losing what was typed into the form.

A form's button leads to the page that adds it; what was typed waits in the session, under a key that the
address of that page carries. Once it is added one is back in the form, with the new thing chosen. Detours
nest: on the way to a target one may add an indicator, and for that its document.
"""

import secrets
from typing import Any

from django.db.models import Model
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

KEPT = "detours"
# Of the newest: who leaves ten forms half filled has forgotten the first.
_MOST = 10
_LEAVE, _BACK = "detour", "resume"


def is_asked(request: HttpRequest) -> bool:
    return request.method == "POST" and _LEAVE in request.POST


def leave(request: HttpRequest, form: BaseForm, *, path: str = "") -> HttpResponse:
    """Keep what was typed, and go to where the thing is added that a field lacks. ``path``: where the form is shown, if not here."""
    name, path = request.POST[_LEAVE], path or _without_key(request)
    view = getattr(form.fields.get(name), "added_at", "")
    if not view:
        return redirect(path)
    typed = {key: request.POST.getlist(key) for key in form.fields if key in request.POST}
    key = secrets.token_urlsafe(9)
    kept = request.session.get(KEPT, {}) | {key: {"path": path, "field": name, "typed": typed}}
    request.session[KEPT] = dict(list(kept.items())[-_MOST:])
    return redirect(f"{reverse(view)}?{urlencode({_LEAVE: key})}")


def come_back(request: HttpRequest, added: object) -> str:
    """Where to go once the thing is added: the form that lacks it, which has it chosen. Nothing for who is on no detour."""
    kept = request.session.get(KEPT, {})
    key = request.GET.get(_LEAVE, "")
    if key not in kept or not isinstance(added, Model):
        return ""
    kept[key]["typed"][kept[key]["field"]] = [str(added.pk)]
    request.session[KEPT] = kept
    return _with_key(kept[key]["path"], key)


def give_up(request: HttpRequest) -> str:
    """The address of the form one came from, as it was left; nothing for who is on no detour."""
    key = request.GET.get(_LEAVE, "")
    kept = request.session.get(KEPT, {}).get(key)
    return _with_key(kept["path"], key) if kept else ""


def take_up(request: HttpRequest, form: BaseForm) -> None:
    """Fill a form that is shown anew with what was typed into it before the detour."""
    kept = request.session.get(KEPT, {}).get(request.GET.get(_BACK, ""))
    if kept is None or kept["path"] != _without_key(request):
        return
    for name, texts in kept["typed"].items():
        if name in form.fields:
            form.initial[name] = texts if _takes_several(form, name) else texts[0]


def _takes_several(form: BaseForm, name: str) -> bool:
    return bool(getattr(form.fields[name].widget, "allow_multiple_selected", False))


def _without_key(request: HttpRequest) -> str:
    query: Any = request.GET.copy()
    query.pop(_BACK, None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _with_key(path: str, key: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{urlencode({_BACK: key})}"
