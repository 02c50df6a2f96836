"""The site. The Celery application is loaded with it, so that `delay()` in a web process finds our broker."""

from kejiting.celery import app as celery_app

__all__ = ["celery_app"]
