"""Every setting of the site, in one file. docs/settings.md lists the environment variables read here."""

import os
from pathlib import Path

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from kejiting import embedded, environment

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / ".data").resolve()

# Demonstration mode: demo accounts exist, a random key is made, cookies work over plain http.
DEMO = environment.flag("DEMO")
DEBUG = environment.flag("DEBUG")
SECRET_KEY = environment.secret_key(demo=DEMO, data_dir=DATA_DIR)
# Served over https (by a proxy in front): cookies are Secure and browsers are told to stay on https.
HTTPS = environment.flag("HTTPS", default=not DEMO)
# Only loopback is answered until names are given, so a forgotten variable closes the site, never opens it.
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "kejiting.apps.SiteConfig",
    "kejiting.accounts",
    "indicators",
    "platforms",
    "projects",
    "kejiting.dashboard",
    "kejiting.export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_filters",
    "drf_spectacular",
    "pgtrigger",
    "rest_framework",
    "rules.apps.AutodiscoverRulesConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "kejiting.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kejiting.middleware.PageCompressionMiddleware",
    "kejiting.middleware.NulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "kejiting.languages.OfferedLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "kejiting.middleware.BodySizeMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "kejiting.middleware.NotAllowedMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "kejiting.urls"
WSGI_APPLICATION = "kejiting.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kejiting.dashboard.context.site",
            ],
        },
    }
]

# Without DATABASE_URL / REDIS_URL: the servers that `make run` starts, found by the data directory alone.
DATABASES = {"default": environment.database(os.environ.get("DATABASE_URL") or embedded.database_url(DATA_DIR))}
REDIS_URL = os.environ.get("REDIS_URL") or embedded.redis_url(DATA_DIR)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Per process: nothing in the product depends on the cache, so a dead Redis can never break a page.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["rules.permissions.ObjectPermissionBackend", "kejiting.accounts.backends.AccountBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "kejiting.accounts.passwords.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600  # a working day
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# The proxy in front must set (and overwrite) this header; without one nothing a client sends is believed.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if environment.flag("BEHIND_PROXY") else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
)
CSRF_FAILURE_VIEW = "kejiting.errors.csrf_failure"
# A grid of a few hundred lines with notes posts more fields than Django's default of 1,000.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"  # what the screen shows; the database holds UTC
HOME_AREA = os.environ.get("HOME_AREA", "620000")  # the province this is the record of, by GB/T 2260

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Hashed names can be cached for ever, and are compressed once: `make run` collects them at start.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "kejiting.static_storage.HashedStorage"},
}
# Files of evidence; served by a view that checks who asks, so there is no MEDIA_URL.
EVIDENCE_ROOT = DATA_DIR / "evidence"
EVIDENCE_MAX_SIZE = environment.number("EVIDENCE_MAX_MB", 20) * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "kejiting.export.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "kejiting.export.errors.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "科技进展 API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# Celery. State lives in PostgreSQL; a message only nudges, so any of them may be lost, doubled or late.
CELERY_BROKER_URL = environment.celery_broker(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_TASK_DEFAULT_QUEUE = "default"
# The index and its draws take seconds: on a queue and a worker of their own nothing waits for them.
CELERY_TASK_ROUTES = {"indicators.tasks.recompute*": {"queue": "recompute"}, "indicators.tasks.estimate*": {"queue": "index"}}
# A task is taken off the queue when done, not when begun: a killed worker's task is run again.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
# More than twice the time limit: sooner, and Redis hands a task still running to a second worker.
# Celery wants the number in all three places; the shortest of the applications on one broker wins.
CELERY_VISIBILITY_TIMEOUT = 900
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": 900}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_timeout": 30,
    "socket_connect_timeout": 2,
    "health_check_interval": 25,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "retry_on_timeout": False,
    # A unix socket has no TCP keepalive, and redis-py refuses the option there.
    **({"socket_keepalive": True} if REDIS_URL.startswith("redis") else {}),
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A page must not wait for a dead Redis: give up at once, beat sweeps the marks later.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
# With REMAP_SIGTERM=SIGQUIT (docker-compose.yml): a stopped worker has this long to finish, then hands its tasks back.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30.0
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # kB
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    # expires: while no worker runs, old ticks must not pile up on the queue.
    "sweep-stale-marks": {"task": "indicators.tasks.sweep_stale_marks", "schedule": 15.0, "options": {"expires": 15}},
    "sweep-index-marks": {"task": "indicators.tasks.estimate_index", "schedule": 30.0, "options": {"expires": 30}},
    "beat-heartbeat": {"task": "indicators.tasks.beat_heartbeat", "schedule": 10.0, "options": {"expires": 10}},
    "sweep-statistics": {"task": "indicators.tasks.sweep_statistics", "schedule": 60.0, "options": {"expires": 60}},
    # Lights depend on the calendar: a due date passes without anybody writing anything.
    "mark-calendar": {"task": "indicators.tasks.mark_calendar", "schedule": crontab(hour=0, minute=10)},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL") or "INFO"},
}
