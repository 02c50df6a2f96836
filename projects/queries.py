"""Reading the registers of projects and outcomes."""

from django.db.models import Prefetch, Q, QuerySet

from kejiting.accounts.models import User

from .models import Outcome, Programme, Project


def get_projects(user: User, *, search: str = "", programme: str = "") -> QuerySet[Project]:
    rows = Project.objects.visible_to(user).select_related("programme", "host", "area", "document")
    if programme:
        rows = rows.filter(programme=programme)
    for word in search.split():
        rows = rows.filter(
            Q(name_zh__icontains=word) | Q(number__icontains=word) | Q(field__icontains=word) | Q(host__name_zh__icontains=word) | Q(code__icontains=word)
        )
    return rows.order_by("programme__position", "code")


def get_project(user: User, code: str) -> Project:
    """Raises ``Project.DoesNotExist``, also for one the user may not see."""
    outcomes = Prefetch("outcomes", Outcome.objects.visible_to(user))
    rows = Project.objects.visible_to(user).select_related("programme", "host", "area", "document", "task__plan")
    return rows.prefetch_related("funding", "milestones", outcomes).get(code=code)


def get_outcomes(user: User, *, search: str = "", kind: str = "") -> QuerySet[Outcome]:
    rows = Outcome.objects.visible_to(user).select_related("project", "platform", "consortium", "document")
    if kind:
        rows = rows.filter(kind=kind)
    for word in search.split():
        rows = rows.filter(Q(name_zh__icontains=word) | Q(name_en__icontains=word) | Q(note__icontains=word) | Q(code__icontains=word))
    return rows


def get_outcome(user: User, code: str) -> Outcome:
    """Raises ``Outcome.DoesNotExist``, also for one the user may not see."""
    return Outcome.objects.visible_to(user).select_related("project", "platform", "consortium", "document", "task__plan").get(code=code)


def get_programmes() -> QuerySet[Programme]:
    return Programme.objects.all()
