"""What the environment may say, and the sentence for what it may not."""

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from kejiting import environment


@pytest.mark.parametrize(("text", "value"), [("1", True), ("yes", True), ("", False), ("0", False), ("off", False)])
def test_flag(monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    monkeypatch.setenv("DEMO", text)
    assert environment.flag("DEMO") is value


def test_flag_refuses_what_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO", "maybe")
    with pytest.raises(ImproperlyConfigured, match="DEMO"):
        environment.flag("DEMO")


@pytest.mark.parametrize("text", ["80a", "-1", "８０", "8.0"])
def test_number_is_plain_digits(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(ImproperlyConfigured, match="PORT"):
        environment.number("PORT", 8000)


def test_empty_number_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert environment.number("PORT", 8000) == 8000


@pytest.mark.parametrize("key", ["changeme", "short", "django-insecure-" + "x" * 50])
@pytest.mark.parametrize("demo", [True, False])
def test_default_secrets_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str, demo: bool) -> None:
    monkeypatch.setenv("SECRET_KEY", key)
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        environment.secret_key(demo=demo, data_dir=tmp_path)


def test_secret_is_required_outside_a_demonstration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SECRET_KEY")
    with pytest.raises(ImproperlyConfigured, match="token_urlsafe"):
        environment.secret_key(demo=False, data_dir=tmp_path)


def test_demonstration_keeps_one_random_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SECRET_KEY")
    key = environment.secret_key(demo=True, data_dir=tmp_path / "data")
    assert len(key) >= environment.SHORTEST_SECRET
    assert environment.secret_key(demo=True, data_dir=tmp_path / "data") == key
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600
    assert environment.secret_key(demo=False, data_dir=tmp_path / "data") == key, "a command beside it needs no setting"


def test_database_url_with_every_part() -> None:
    entry = environment.database("postgres://kjt:p%40ss@db.example:6432/kejiting?sslmode=require")
    assert (entry["NAME"], entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"]) == (
        *("kejiting", "kjt", "p@ss", "db.example", "6432"),
    )
    assert entry["OPTIONS"]["sslmode"] == "require"


def test_database_url_with_a_socket() -> None:
    entry = environment.database("postgres://postgres@/kejiting?host=/srv/data/run")
    assert (entry["HOST"], entry["PORT"]) == ("/srv/data/run", "")


@pytest.mark.django_db
def test_triggers_are_asked_without_failing() -> None:
    """A long insert takes as long a row as a short one: no trigger's question fails inside and is rolled back."""
    entry = environment.database("postgres://u@h/db?options=-c%20statement_timeout%3D9000")
    assert entry["OPTIONS"]["options"] == "-c statement_timeout=9000 -c pgtrigger.ignore={}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('pgtrigger.ignore')::text[]")
        assert cursor.fetchone()[0] == []


@pytest.mark.parametrize("url", ["sqlite:///db.sqlite3", "postgres://host", "mysql://u@h/db", "nonsense"])
def test_only_postgresql(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="PostgreSQL"):
        environment.database(url)


def test_broker_address() -> None:
    assert environment.celery_broker("redis://h:6379/3") == "redis://h:6379/3"
    assert environment.celery_broker("unix:///srv/redis.sock?db=2") == "redis+socket:///srv/redis.sock?virtual_host=2"
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        environment.celery_broker("amqp://h")
