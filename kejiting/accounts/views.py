"""The trail, for the auditor alone. Signing in and out are Django's own views."""

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from .http import paginate
from .models import AuditEvent


@login_required
@permission_required("audit.view", raise_exception=True)
@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """Who did what to the record and to the rights over it, the newest first."""
    events = AuditEvent.objects.select_related("actor__unit")
    if search := request.GET.get("q", "").strip():
        events = events.filter(verb__icontains=search) | events.filter(object_key__icontains=search) | events.filter(actor__name__icontains=search)
    return render(request, "accounts/audit.html", {"page": paginate(request, events), "search": search})
