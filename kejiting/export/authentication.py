"""Signing in by key: ``Authorization: Api-Key kjt_…``. Browsers on the site use their session instead."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from kejiting.accounts.backends import AccountBackend
from kejiting.accounts.models import User

from .keys import find_key, note_use
from .models import ApiKey

SCHEME = "Api-Key"


def read_secret(request: HttpRequest | Request) -> str | None:
    """What follows ``Api-Key`` in the header; None where nothing is said of a key."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == SCHEME.lower() else None


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        secret = read_secret(request)
        if secret is None:
            return None
        key = find_key(secret)
        if key is None:
            raise AuthenticationFailed(_("密钥不正确。"))
        if key.revoked_at is not None:
            raise AuthenticationFailed(_("密钥已吊销，请联系系统管理员另发。"))
        if key.expires_at is not None and key.expires_at <= timezone.now():
            raise AuthenticationFailed(_("密钥已到期，请联系系统管理员另发。"))
        if not AccountBackend().user_can_authenticate(key.account):
            raise AuthenticationFailed(_("密钥所属账号已停用。"))
        note_use(key)
        return key.account, key

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """How the schema speaks of the header."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": f"{SCHEME} kjt_…"}
