from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser

from kejiting.accounts.models import User


class AccountBackend(ModelBackend):
    """Names and passwords; demonstration accounts exist in demonstration mode only, whatever the database still holds."""

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        """Asked at sign-in and at every request of a session."""
        return super().user_can_authenticate(user) and (settings.DEMO or not getattr(user, "is_demo", False))
