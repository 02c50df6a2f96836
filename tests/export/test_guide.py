"""The page for programmers: what it names is what there is, and what it prints runs as it is printed."""

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from indicators.actions.corrections import accept_correction, request_correction
from indicators.actions.reporting import accept_return, approve_return
from indicators.analysis import quality
from indicators.models import Observation, Return
from kejiting.export.errors import exception_handler
from kejiting.export.guide import FINDINGS, ORIGINS, PERIODS, get_code_lists
from kejiting.export.keys import create_key
from tests.builders import Quarter, make_indicator, observe
from tests.export.reading import make_result


def read_examples(page: str, kind: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(rf'<code data-example="{kind}">(.*?)</code>', page, re.DOTALL)]


def test_every_code_is_in_a_table() -> None:
    page = Client().get("/api/v1/docs/").content.decode()
    for codes in ([code for found in get_code_lists() for code, _word in found.codes], FINDINGS):
        for code in codes:
            assert f"<th scope=\"row\"><code>{html.escape(code)}</code></th>" in page
    assert set(FINDINGS) == {*quality._FIRST, "empty", "not_whole", "rule"}
    assert len(PERIODS) == 5


@pytest.mark.django_db
def test_every_code_of_an_error_is_named() -> None:
    page = Client().get("/api/v1/docs/").content.decode()
    source = Path(sys.modules[exception_handler.__module__].__file__ or "").read_text() + Path("indicators/errors.py").read_text()
    found = set(re.findall(r'(?:code = |make_error\(\d+, |return )"([a-z_]+)"', source)) - {"error", "refused"}
    assert {"malformed", "not_ready", "method_not_allowed", "conflict"} <= found
    for code in found:
        assert f"<code>{code}</code>" in page, code


def test_the_page_is_of_plain_parts() -> None:
    page = Client().get("/api/v1/docs/").content.decode()
    assert "<script>" not in page
    assert 'style="' not in page
    anchors = set(re.findall(r'href="#([\w-]+)"', page)) - {"main"}
    assert anchors <= set(re.findall(r'id="([\w-]+)"', page))


class Reader:
    """Somebody at a shell, with nothing but the page and a key."""

    def __init__(self, page: str, folder: Path, **environment: str) -> None:
        self.page, self.folder, self.environment = page, folder, {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment}

    def run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def type_shell(self) -> list[str]:
        return [self.run("bash", "-c", example) for example in read_examples(self.page, "sh")]

    def run_python(self) -> str:
        return self.run(sys.executable, "-c", "\n\n".join(read_examples(self.page, "py")))


@pytest.fixture
def guide(live_server: Any, quarter: Quarter, tmp_path: Path) -> Reader:
    """The page of a running site, and a reporting key of the department that has to report."""
    if not shutil.which("curl"):
        pytest.fail("curl is missing; the printed examples are not skipped")
    indicator = make_indicator("rd_intensity", origin="official", unit_of_measure="%")
    observe(indicator, {"2023": "1.27", "2024": "1.32"})
    make_result(quarter.indicator, "0.5", "2025-Q2")
    quarter.fill()
    page = Client().get("/api/v1/docs/", headers={"Host": live_server.url.removeprefix("http://")}).content.decode()
    (base,) = re.findall(r"export BASE=(\S+)", page)
    report = Return.objects.get(pk=quarter.report.pk)
    names = {"BASE": base, "KEY": create_key("gxt", scope="report", unit_code="gxt")[1]}
    where = {"ROUND": "2025-Q3", "UNIT": "gxt", "LINE": str(quarter.line().pk), "VERSION": str(report.version)}
    asked = re.findall(r"export (\w+)=|(?<=\s)(\w+)=", " ".join(read_examples(page, "setup")))
    assert {name for pair in asked for name in pair if name} == {*names, *where}
    return Reader(page, tmp_path, **names, **where)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_printed_runs_as_it_is_printed(guide: Reader, quarter: Quarter) -> None:
    figures, excel, returns, report, entry = guide.type_shell()
    assert '"value":"1.32"' in figures
    assert (guide.folder / "results.csv").read_bytes().startswith(b"\xef\xbb\xbfid,measure,")
    assert excel == ""
    assert '"round":"2025-Q3"' in returns
    assert f'ETag: "{guide.environment["VERSION"]}"' in report
    assert '"value":"12.5"' in entry

    first = guide.run_python()
    assert "2024 1.32 %" in first
    assert re.search(r"^2 1\n2 1$", first, re.MULTILINE)
    assert "200 submitted None None" in first

    report_now = Return.objects.get()
    approve_return(report_now, by=quarter.cast.shen)
    accept_return(report_now, by=quarter.cast.guo)
    accept_correction(request_correction(quarter.line(), by=quarter.cast.xie, value="13", reason="漏报一项"), by=quarter.cast.guo)
    second = guide.run_python()
    # What came since, and a little of what came before; everything once.
    assert re.search(r"^4 1\n3 1$", second, re.MULTILINE)
    assert "13 → 12 200 None" in second
    assert Observation.objects.count() == 4
    assert quarter.line().corrections.filter(state="pending", value=12).exists()


def test_origins_are_those_a_figure_can_have() -> None:
    from kejiting.export.api import observations

    assert ORIGINS.keys() == observations.ORIGINS.keys()
