"""What a key's scope allows, before any question of roles."""

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from .models import ApiKey


class KeyMayWrite(BasePermission):
    """A key for reading writes nothing; people and reporting keys are judged by their roles."""

    message = _("这个密钥只能读取。")

    def has_permission(self, request: Request, view: APIView) -> bool:
        is_reader = isinstance(request.auth, ApiKey) and request.auth.scope == ApiKey.Scope.READ
        # What nobody can do here is 405, not a matter of the key.
        return request.method in SAFE_METHODS or request.method not in view.allowed_methods or not is_reader
