"""Reading the registers of projects and outcomes."""

from django.db.models import Prefetch, Q, QuerySet

from indicators.models import Task
from kejiting.accounts.models import User
from platforms.models import Consortium, Organisation, Platform
from platforms.queries import named, prefetch_visible

from .models import Outcome, Programme, Project


def get_projects(user: User, *, search: str = "", programme: str = "") -> QuerySet[Project]:
    rows = Project.objects.visible_to(user).select_related("programme", "area", "document")
    if programme:
        rows = rows.filter(programme=programme)
    for word in search.split():
        rows = rows.filter(
            Q(name_zh__icontains=word) | Q(number__icontains=word) | Q(field__icontains=word) | Q(host__in=named(user, word)) | Q(code__icontains=word)
        )
    return rows.order_by("programme__position", "code").prefetch_related(*prefetch_visible(user, host=Organisation))


def get_project(user: User, code: str) -> Project:
    """Raises ``Project.DoesNotExist``, also for one the user may not see."""
    rows = Project.objects.visible_to(user).select_related("programme", "area", "document").prefetch_related("funding", "milestones")
    return rows.prefetch_related(*prefetch_visible(user, host=Organisation, outcomes=Outcome), _task(user)).get(code=code)


def get_outcomes(user: User, *, search: str = "", kind: str = "") -> QuerySet[Outcome]:
    rows = Outcome.objects.visible_to(user).select_related("document")
    if kind:
        rows = rows.filter(kind=kind)
    for word in search.split():
        rows = rows.filter(Q(name_zh__icontains=word) | Q(name_en__icontains=word) | Q(note__icontains=word) | Q(code__icontains=word))
    return rows


def get_outcome(user: User, code: str) -> Outcome:
    """Raises ``Outcome.DoesNotExist``, also for one the user may not see."""
    related = prefetch_visible(user, project=Project, platform=Platform, consortium=Consortium)
    return Outcome.objects.visible_to(user).select_related("document").prefetch_related(*related, _task(user)).get(code=code)


def _task(user: User) -> "Prefetch[str, QuerySet[Task], str]":
    return Prefetch("task", Task.objects.visible_to(user).select_related("plan"))


def get_programmes() -> QuerySet[Programme]:
    return Programme.objects.all()
