from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from kejiting.accounts.models import RoleAssignment, User


class AccountBackend(ModelBackend):
    """Names and passwords; demonstration accounts exist in demonstration mode only, whatever the database still holds."""

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        """Asked at sign-in and at every request of a session."""
        return super().user_can_authenticate(user) and (settings.DEMO or not getattr(user, "is_demo", False))

    def get_user(self, user_id: int) -> User | None:
        """Asked at every request of a session: the account with its unit and the roles it holds now, in one query."""
        held = RoleAssignment.objects.current().filter(user=OuterRef("pk")).values("role")
        user = User.objects.select_related("unit").annotate(held=ArraySubquery(held)).filter(pk=user_id).first()
        if user is None or not self.user_can_authenticate(user):
            return None
        user.roles = frozenset(user.held)
        return user
