"""Keys: made, kept as a hash, refused when they must be, and gone with the demonstration."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from indicators.errors import RecordError
from kejiting.accounts.models import AuditEvent, Role, User
from kejiting.demo.remove import remove_demo
from kejiting.export.keys import create_key, revoke_key
from kejiting.export.models import ApiKey
from tests.builders import Quarter, make_unit
from tests.export.callers import Caller

pytestmark = pytest.mark.django_db


def refused(secret: str) -> str:
    response = Caller(secret=secret).get("areas/")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Api-Key"
    return str(response.json()["error"]["message"])


def test_a_key_is_kept_as_its_hash_alone() -> None:
    key, secret = create_key("统计局", scope="read")
    assert secret.startswith("kjt_")
    assert secret not in str(ApiKey.objects.values().get())
    account = key.account
    assert (account.is_service, account.unit.code, account.clearance, account.has_usable_password()) == (True, "ext", "public", False)
    assert account.roles == {Role.AGENCY}
    assert secret not in str(list(AuditEvent.objects.values()))


def test_a_reporting_key_is_a_reporter_of_its_unit() -> None:
    make_unit("gxt")
    account = create_key("工信系统", scope="report", unit_code="gxt")[0].account
    assert (account.unit.code, account.roles, account.clearance) == ("gxt", {Role.REPORTER}, "public")


@pytest.mark.parametrize(
    ("options", "word"),
    [({"scope": "report"}, "--unit"), ({"scope": "report", "unit_code": "nobody"}, "nobody"), ({"scope": "read", "expires_at": timezone.now()}, "今后")],
)
def test_a_key_that_makes_no_sense_is_refused_in_words(options: dict[str, Any], word: str) -> None:
    with pytest.raises(RecordError) as caught:
        create_key("a", **options)
    assert word in caught.value.message
    assert not User.objects.exists()


def test_names_are_unique_and_may_be_alike() -> None:
    create_key("A b", scope="read")
    create_key("a-b", scope="read")
    with pytest.raises(RecordError):
        create_key("a-b", scope="read")


def test_wrong_revoked_expired_and_inactive_keys_are_401(monkeypatch: pytest.MonkeyPatch) -> None:
    key, secret = create_key("a", scope="read", expires_at=timezone.now() + timedelta(days=1))
    assert Caller(secret=secret).get("areas/").status_code == 200
    for wrong in ("", "kjt_no", "密钥", secret[:-1], key.hash):
        assert "不正确" in refused(wrong) if wrong else Caller(Authorization="Api-Key").get("areas/").status_code == 401
    assert Caller(Authorization=f"Bearer {secret}").get("areas/").status_code == 401
    assert Caller(Authorization=f"api-key  {secret} ").get("areas/").status_code == 200
    User.objects.update(is_active=False)
    assert "停用" in refused(secret)
    User.objects.update(is_active=True)
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "到期" in refused(secret)
    revoke_key("a")
    assert "吊销" in refused(secret)


def test_a_demonstration_key_is_closed_outside_demonstration(settings: Any) -> None:
    secret = create_key("a", scope="read", is_demo=True)[1]
    settings.DEMO = False
    assert "停用" in refused(secret)


def test_use_is_stamped_once_a_minute() -> None:
    key, secret = create_key("a", scope="read")
    Caller(secret=secret).get("areas/")
    key.refresh_from_db()
    first = key.last_used_at
    Caller(secret=secret).get("areas/")
    key.refresh_from_db()
    assert first is not None
    assert key.last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    Caller(secret=secret).get("areas/")
    key.refresh_from_db()
    assert key.last_used_at > first


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    make_unit("gxt")
    call_command("api_key", "create", "工信系统", "--scope", "report", "--unit", "gxt", "--expires", "2099-12-31")
    secret = capsys.readouterr().out.strip()
    assert Caller(secret=secret).get("returns/").status_code == 200
    assert ApiKey.objects.get().account.is_demo  # the tests run in demonstration mode
    call_command("api_key", "list")
    assert "工信系统\treport\tgxt" in (listed := capsys.readouterr().out)
    assert secret not in listed
    call_command("api_key", "revoke", "工信系统")
    assert "吊销" in refused(secret)
    for arguments in (["create", "x", "--scope", "report"], ["create", "x", "--scope", "read", "--unit", "no"], ["create", "x", "--scope", "read", "--expires", "soon"],
                      ["create", "x", "--scope", "all"], ["revoke", "nobody"], []):  # fmt: skip
        with pytest.raises(CommandError):
            call_command("api_key", *arguments)


def test_what_a_key_reported_into_the_demonstration_goes_with_it(quarter: Quarter) -> None:
    """A real key's account stays; the demonstration's own keys go."""
    real = create_key("real", scope="report", unit_code="gxt")[1]
    demo_unit = make_unit("demo", is_demo=True)
    assert create_key("demo", scope="report", unit_code=demo_unit.code)[0].account.is_demo
    assert Caller(secret=real).get("returns/").status_code == 200
    remove_demo(recompute=False)
    assert [key.name for key in ApiKey.objects.all()] == ["real"]
    assert not User.objects.filter(username="api-demo").exists()
