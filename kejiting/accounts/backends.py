from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from kejiting.accounts.models import RoleAssignment, User


@cache
def _get_accounts() -> QuerySet[Any]:
    """Accounts with their unit and the roles they hold when asked: a query that is put together once, for every request asks it."""
    held = RoleAssignment.objects.current().filter(user=OuterRef("pk")).values("role")
    return User.objects.select_related("unit").annotate(held=ArraySubquery(held))


class AccountBackend(ModelBackend):
    """Names and passwords; demonstration accounts exist in demonstration mode only, whatever the database still holds."""

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        """Asked at sign-in and at every request of a session."""
        return super().user_can_authenticate(user) and (settings.DEMO or not getattr(user, "is_demo", False))

    def get_user(self, user_id: int) -> User | None:
        """Asked at every request of a session: the account with its unit and the roles it holds now, in one query."""
        try:
            user = _get_accounts().get(pk=user_id)
        except User.DoesNotExist:
            return None
        if not self.user_can_authenticate(user):
            return None
        user.roles = frozenset(user.held)
        return user
