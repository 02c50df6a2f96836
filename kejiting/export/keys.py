"""Keys: how one is made, how it is recognised, who is behind it."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from indicators.errors import RecordError
from kejiting.accounts.audit import record_event
from kejiting.accounts.classification import Classification
from kejiting.accounts.models import Role, RoleAssignment, Unit, User

from .models import ApiKey

# Where programs of agencies outside the reporting units belong when no unit is named.
OUTSIDE_UNIT = "ext"
# A key in constant use would otherwise write a row at every request.
USED_EVERY = timedelta(minutes=1)


def hash_secret(secret: str) -> str:
    """256 random bits need no salt and no slow hash: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find_key(secret: str) -> ApiKey | None:
    """The key of a secret, usable or not. What is looked up is a hash, so timing tells nothing of the secret."""
    digest = hash_secret(secret)
    key = ApiKey.objects.select_related("account__unit").filter(hash=digest).first()
    return key if key and hmac.compare_digest(key.hash, digest) else None


def note_use(key: ApiKey) -> None:
    """Stamp the use, at most once a minute."""
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - USED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


@transaction.atomic
def create_key(
    name: str, *, scope: str, unit_code: str = "", expires_at: datetime | None = None, is_demo: bool = False, by: User | None = None
) -> tuple[ApiKey, str]:
    """A key with its own account, and the secret, which is not kept. Raises ``RecordError`` in words."""
    name = name.strip()
    if not name or len(name) > 80:
        raise RecordError(_("密钥名称须为 1 至 80 个字。"))
    if ApiKey.objects.filter(name=name).exists():
        raise RecordError(_("已有名为“%(name)s”的密钥：请换一个名称。") % {"name": name})
    if expires_at and expires_at <= timezone.now():
        raise RecordError(_("到期时间须在今后。"))
    unit = _get_unit(scope, unit_code)
    # An account of a demonstration unit goes with the unit.
    is_demo = is_demo or unit.is_demo
    account = _make_account(name, scope=scope, unit=unit, is_demo=is_demo)
    secret = f"kjt_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(name=name, scope=scope, account=account, hash=hash_secret(secret), expires_at=expires_at)
    record_event("api_key.create", key, by=by, is_demo=is_demo, name=name, scope=scope, unit=unit.code)
    return key, secret


def _get_unit(scope: str, code: str) -> Unit:
    if not code:
        if scope == ApiKey.Scope.REPORT:
            raise RecordError(_("填报密钥须指明单位：--unit 单位代码。"))
        return Unit.objects.get_or_create(code=OUTSIDE_UNIT, defaults={"kind": Unit.Kind.AGENCY, "name_zh": "其他机构", "name_en": "Other agencies"})[0]
    unit = Unit.objects.filter(code=code).first()
    if unit is None:
        raise RecordError(_("没有代码为“%(code)s”的单位。") % {"code": code})
    return unit


def _make_account(name: str, *, scope: str, unit: Unit, is_demo: bool) -> User:
    """The program's account: it reads what is public and released, and with ``report`` what its own unit is asked for and said.

    Less than the unit's people see: a secret lies in files and is read by nobody.
    """
    account = User(
        username=_free_username(name), name=name[:60], unit=unit, is_service=True, is_demo=is_demo, clearance=Classification.PUBLIC
    )
    account.set_unusable_password()
    account.save()
    RoleAssignment.objects.create(user=account, role=Role.REPORTER if scope == ApiKey.Scope.REPORT else Role.AGENCY)
    return account


def _free_username(name: str) -> str:
    slug = slugify(name)  # a Chinese name leaves nothing of itself
    username = f"api-{slug}" if slug else f"api-{secrets.token_hex(4)}"
    return f"{username}-{secrets.token_hex(2)}" if User.objects.filter(username=username).exists() else username


@transaction.atomic
def revoke_key(name: str, *, by: User | None = None) -> ApiKey:
    """Close a key for good; its account stays, because its stamps in the record do."""
    key = ApiKey.objects.select_for_update(of=("self",)).select_related("account").filter(name=name).first()
    if key is None:
        raise RecordError(_("没有名为“%(name)s”的密钥。") % {"name": name})
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        record_event("api_key.revoke", key, by=by, is_demo=key.account.is_demo, name=name)
    return key
