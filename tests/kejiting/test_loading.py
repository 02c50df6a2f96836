"""What a page weighs on the wire, and that a browser never mixes an old script with a new one."""

import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from kejiting.middleware import PageCompressionMiddleware
from kejiting.static_storage import HashedStorage

GZIP = {"accept-encoding": "gzip"}


@pytest.mark.django_db
def test_a_page_travels_compressed(client: Client) -> None:
    plain, small = client.get("/accounts/login/"), client.get("/accounts/login/", headers=GZIP)
    assert (plain.headers.get("Content-Encoding"), small.headers.get("Content-Encoding")) == (None, "gzip")
    assert len(small.content) < len(plain.content)


def test_an_answer_of_the_api_keeps_its_strong_etag() -> None:
    answer = HttpResponse("{}" * 500, content_type="application/json", headers={"ETag": '"7"'})
    sent = PageCompressionMiddleware(lambda request: answer)(RequestFactory().get("/api/v1/returns/2025-Q3/gxt/", headers=GZIP))
    assert (sent.headers["ETag"], sent.headers.get("Content-Encoding")) == ('"7"', None)


def test_imports_of_scripts_are_hashed_too(tmp_path: Path) -> None:
    shutil.copytree(settings.BASE_DIR / "static" / "js", tmp_path / "js")
    storage = HashedStorage(location=tmp_path, base_url="/static/")
    made = list(storage.post_process({f"js/{path.name}": (storage, f"js/{path.name}") for path in (tmp_path / "js").iterdir()}))
    hashed = {name for _original, name, _done in made if re.search(r"\.[0-9a-f]{12}\.js$", name)}
    imported = {name for script in hashed for name in re.findall(r'from\s*"\./([^"]+)"', (tmp_path / script).read_text())}
    assert imported
    assert {f"js/{name}" for name in imported} <= hashed
