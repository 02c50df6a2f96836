"""How many queries each page asks, checked in as a file and reviewed as a diff.

After a change that is meant: ``UPDATE_QUERY_COUNTS=1 pytest tests/demo/test_query_counts.py`` writes the file anew.
"""

import json
import os
from pathlib import Path

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kejiting.accounts.models import User
from tests.demo_fixtures import DemoRecord

FILE = Path(__file__).parents[1] / "query_counts.json"

PAGES = {
    "leader": [
        "/", "/tasks/", "/plans/qkj-2022-2025/", "/plans/qkj-2022-2025/tasks/10/", "/indicators/", "/indicators/rd_intensity/", "/targets/",
        "/index/", "/index/what-if/", "/index/predecessor/2023/620000/", "/platforms/", "/consortia/", "/projects/", "/outcomes/", "/organisations/", "/version/",
    ],
    "staff": ["/reporting/", "/reporting/{round}/gxt/"],
    "reviewer": ["/reporting/{round}/gxt/"],
    "office": ["/reporting/", "/reporting/rounds/", "/reporting/rounds/{round}/", "/reporting/{round}/kjt-jcc/", "/definitions/", "/definitions/rules/", "/targets/"],
    "auditor": ["/audit/"],
}  # fmt: skip


def count(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return len(captured)


def test_each_page_asks_as_many_queries_as_the_file_says(demo_record: DemoRecord, db: None, client: Client) -> None:
    found = {}
    for name, paths in PAGES.items():
        client.force_login(User.objects.get(username=name))
        for path in paths:
            found[f"{name} {path}"] = count(client, path.format(round=demo_record.open_round))
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        FILE.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    assert found == json.loads(FILE.read_text())
