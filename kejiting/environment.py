"""What the process environment says, read in one place and refused with a sentence that says what to do."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# Keys that stand in tutorials and templates; whoever knows one of them can forge a session.
KNOWN_SECRETS = {"secret", "changeme", "change-me", "please-change-me", "secret-key", "secret_key", "kejiting"}
SHORTEST_SECRET = 32


def flag(name: str, default: bool = False) -> bool:
    """`1`, `true`, `yes`, `on` are true; empty, `0`, `false`, `no`, `off` are false; anything else is refused."""
    text = os.environ.get(name)
    if text is None:
        return default
    if text.strip().lower() in {"1", "true", "yes", "on"}:
        return True
    if text.strip().lower() in {"", "0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"环境变量 {name}={text!r} 无法识别，请写 1 或 0。 {name} must be 1 or 0.")


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, blanks dropped."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def number(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip() or str(default)
    if not text.isascii() or not text.isdigit():
        raise ImproperlyConfigured(f"环境变量 {name}={text!r} 应为整数。 {name} must be a whole number.")
    return int(text)


def secret_key(*, demo: bool, data_dir: Path) -> str:
    """The given SECRET_KEY, or the one made at random that a demonstration keeps in its data directory.

    A kept one is read without `DEMO` too, so that `manage.py api_key` beside a running demonstration needs no setting; none is made then.
    """
    given = os.environ.get("SECRET_KEY", "")
    if given:
        if len(given) < SHORTEST_SECRET or given.lower() in KNOWN_SECRETS or given.startswith("django-insecure-"):
            raise ImproperlyConfigured(
                f"SECRET_KEY 太短或为公开的示例值，请换成至少 {SHORTEST_SECRET} 个随机字符："
                "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'。 "
                f"SECRET_KEY is a known or short value; give at least {SHORTEST_SECRET} random characters."
            )
        return given
    kept = data_dir / "secret_key"
    if demo or kept.exists():
        return _kept_secret(kept)
    raise ImproperlyConfigured(
        "未设置环境变量 SECRET_KEY。请生成一个并妥善保存：python3 -c 'import secrets; print(secrets.token_urlsafe(50))'；"
        "若只是试用，请设置 DEMO=1。 SECRET_KEY is not set: generate one with the command above, or set DEMO=1 for a trial."
    )


def _kept_secret(path: Path) -> str:
    """Read the key, or make it. O_EXCL: of two processes starting at once, one writes and both read the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text().strip()


def database(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for `postgres://user:password@host:port/name?option=value`; `host` may be a socket directory."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(
            "DATABASE_URL 应形如 postgres://用户:口令@主机:5432/库名（只支持 PostgreSQL）。 "
            "DATABASE_URL must look like postgres://user:password@host:5432/name; only PostgreSQL is supported."
        )
    options = dict(parse_qsl(parts.query))
    # Every trigger asks whether it is to be ignored. Where the setting is unknown that question fails inside, row by row, and
    # each failure walks through all foreign keys still to be checked: the time of a long insert grows with its square.
    options["options"] = f"{options.get('options', '')} -c pgtrigger.ignore={{}}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": str(parts.port or options.pop("port", "")),
        # A pooled connection that died with a restarted server is noticed before use, not by the user.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **options},
    }


def celery_broker(url: str) -> str:
    """Celery's spelling of a Redis address: redis-py says `unix:///path?db=0`, kombu `redis+socket:///path?virtual_host=0`."""
    parts = urlsplit(url)
    if parts.scheme in {"redis", "rediss"}:
        return url
    if parts.scheme != "unix":
        raise ImproperlyConfigured(
            "REDIS_URL 应形如 redis://主机:6379/0 或 unix:///路径?db=0。 "
            "REDIS_URL must look like redis://host:6379/0 or unix:///path?db=0."
        )
    return f"redis+socket://{parts.path}?virtual_host={dict(parse_qsl(parts.query)).get('db', '0')}"
