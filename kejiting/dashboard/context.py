"""What every page shows of the site: navigation by role, what waits, how fresh results are."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from indicators.queries.todos import count_todos
from kejiting.accounts.models import REPORTING, Role, User
from kejiting.demo_accounts import DEMO_ACCOUNTS
from kejiting.languages import SOURCE_LANGUAGE, get_languages

from .live import get_live

# Every page names the same dozen.
_get_address = cache(reverse)


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
        # By itself, because Django's sign-in view has a `site` of its own.
        return {"demo_accounts": list(DEMO_ACCOUNTS) if settings.DEMO else []}
    live, languages = get_live(request), get_languages()
    language = get_language() or SOURCE_LANGUAGE
    return {
        "site": {
            "navigation": _get_navigation(request, user),
            "live": live,
            "is_office": user.has_role(Role.OFFICE),
            "has_demo": live.freshness.has_demo,
            "languages": [(code, name) for code, name in languages if code != language],
            "lang": "zh-Hans" if language == SOURCE_LANGUAGE else language,
        }
    }


def _get_navigation(request: HttpRequest, user: User) -> list[NavigationItem]:
    names = [
        (_("总览"), "overview"),
        (_("重点任务"), "task-list"),
        (_("指标"), "indicator-list"),
        (_("目标"), "target-ledger"),
        (_("指数与位次"), "index"),
        (_("平台"), "platform-list"),
        (_("联合体"), "consortium-list"),
        (_("项目"), "project-list"),
        (_("成果"), "outcome-list"),
    ]
    if user.has_role(*REPORTING):
        names.append((_("数据填报"), "todo"))
    if user.has_role(Role.OFFICE):
        names += [(_("批次管理"), "round-list"), (_("定义"), "definitions")]
    if user.has_role(Role.AUDITOR):
        names.append((_("审计"), "audit"))
    return _mark_current([_make_item(user, name, view) for name, view in names], request.path)


def _make_item(user: User, name: str, view: str) -> NavigationItem:
    return NavigationItem(name, _get_address(view), False, count_todos(user) if view == "todo" else 0)


def _mark_current(items: list[NavigationItem], path: str) -> list[NavigationItem]:
    """The longest address that the page lies under: a round lies under 批次管理 and not under 数据填报 too."""
    under = [item.url for item in items if path == item.url or (item.url != "/" and path.startswith(item.url))]
    current = max(under, key=len, default="")
    return [NavigationItem(item.name, item.url, item.url == current, item.count) for item in items]
