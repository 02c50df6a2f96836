"""What every page shows of the site: navigation by role, what waits, how fresh results are."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from indicators.models import Plan, Task
from indicators.queries.freshness import get_freshness
from indicators.queries.returns import count_todos
from kejiting.accounts.models import Role, User
from kejiting.demo_accounts import DEMO_ACCOUNTS

REPORTING = (Role.REPORTER, Role.REVIEWER, Role.OFFICE)


@dataclass(frozen=True)
class NavigationItem:
    name: str
    url: str
    is_current: bool
    count: int = 0


def site(request: HttpRequest) -> dict[str, Any]:
    """The context variable ``site``. Signed out it holds next to nothing, and asks the database nothing."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"site": {"demo_accounts": list(DEMO_ACCOUNTS) if settings.DEMO else []}}
    return {"site": {"navigation": _get_navigation(request, user), "freshness": get_freshness(), "has_demo": _has_demo()}}


def _has_demo() -> bool:
    return Task.objects.filter(is_demo=True).exists() or Plan.objects.filter(is_demo=True).exists()


def _get_navigation(request: HttpRequest, user: User) -> list[NavigationItem]:
    names = [
        (_("总览"), "overview"),
        (_("重点任务"), "task-list"),
        (_("指标"), "indicator-list"),
        (_("指数与位次"), "index"),
        (_("平台"), "platform-list"),
        (_("联合体"), "consortium-list"),
        (_("项目"), "project-list"),
        (_("成果"), "outcome-list"),
    ]
    if user.has_role(*REPORTING):
        names.append((_("数据填报"), "todo"))
    if user.has_role(Role.OFFICE):
        names += [(_("批次"), "round-list"), (_("定义"), "definitions")]
    if user.has_role(Role.AUDITOR):
        names.append((_("审计"), "audit"))
    names.append((_("接口"), "api-docs"))
    return [_make_item(request, user, name, view) for name, view in names]


def _make_item(request: HttpRequest, user: User, name: str, view: str) -> NavigationItem:
    url = reverse(view)
    is_current = request.path == url or (url != "/" and request.path.startswith(url))
    return NavigationItem(name, url, is_current, count_todos(user) if view == "todo" else 0)
