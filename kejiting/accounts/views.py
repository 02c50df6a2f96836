"""Signing in, and the trail for the auditor alone. Signing out is Django's own view."""

from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.views.decorators.http import require_GET

from .http import paginate
from .models import REPORTING, AuditEvent, User


class SignIn(LoginView):
    """Back to the page that asked for it; from the site's front door, whom returns wait for to 待办, all others to the overview."""

    redirect_authenticated_user = True

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        asked = super().get_redirect_url()
        return "" if asked == "/" else asked

    def get_default_redirect_url(self) -> str:
        user = self.request.user
        return resolve_url("todo") if isinstance(user, User) and user.has_role(*REPORTING) else super().get_default_redirect_url()


@login_required
@permission_required("audit.view", raise_exception=True)
@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """Who did what to the record and to the rights over it, the newest first."""
    events = AuditEvent.objects.select_related("actor__unit")
    if search := request.GET.get("q", "").strip():
        events = events.filter(verb__icontains=search) | events.filter(object_key__icontains=search) | events.filter(actor__name__icontains=search)
    return render(request, "accounts/audit.html", {"page": paginate(request, events), "search": search})
