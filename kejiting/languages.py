"""Which languages a page is offered in: the source language, and each other that has a compiled catalogue.

Django's own sentences (a field is required, two weeks left) exist in many languages: without this a browser
that prefers English would get a Chinese page with English among it.
"""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

SOURCE_LANGUAGE = "zh-hans"


@cache
def get_languages() -> list[tuple[str, str]]:
    """Code and name of each; no switch leads to an untranslated page."""
    return [
        (code, str(name))
        for code, name in settings.LANGUAGES
        if code == SOURCE_LANGUAGE
        or any((Path(root) / translation.to_locale(code) / "LC_MESSAGES" / "django.mo").exists() for root in settings.LOCALE_PATHS)
    ]


class OfferedLanguageMiddleware(LocaleMiddleware):
    """As Django's, among the languages that are offered."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        if translation.get_language() not in dict(get_languages()):
            translation.activate(SOURCE_LANGUAGE)
            request.LANGUAGE_CODE = SOURCE_LANGUAGE
