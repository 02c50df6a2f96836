"""Files that bear out a line: what is taken, who sees which, what stays once the return is handed in."""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from indicators.actions.evidence import FILES_EACH, add_evidence, remove_evidence
from indicators.actions.reporting import submit_return
from indicators.errors import NotAllowed, RecordError, WrongState
from indicators.evidence_files import clean_name, get_path, identify
from indicators.models import Evidence, LineEntry, Observation, Return
from indicators.uploads import UploadRefused
from kejiting.accounts.models import AuditEvent, User
from tests.builders import Quarter

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
JPG = b"\xff\xd8\xff\xe0" + b"\0" * 32
PAGE = "/reporting/2025-Q3/gxt/"


def office_file(*members: str, types: str = "<Types/>") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", types)
        for name in members:
            archive.writestr(name, "<x/>")
    return packed.getvalue()


DOCX, XLSX = office_file("word/document.xml"), office_file("xl/workbook.xml")


def upload(name: str = "合同.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    return tmp_path / "evidence"


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


@pytest.fixture
def attached(quarter: Quarter) -> Evidence:
    return add_evidence(quarter.line(), upload(), by=quarter.cast.xie, title="技术合同登记表")


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


# -- what is taken -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("a.PDF", PDF, "application/pdf"),
        ("a.png", PNG, "image/png"),
        ("a.jpeg", JPG, "image/jpeg"),
        ("a.docx", DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.xlsx", XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_the_content_says_what_a_file_is(name: str, content: bytes, content_type: str) -> None:
    assert identify(upload(name, content)) == (name, content_type)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"<html><script>alert(1)</script>%PDF-1.4 %%EOF"),  # a web page and a PDF at once
        ("a.pdf", b"%PDF-1.4 cut off"),
        ("a.pdf", PNG),
        ("a.png", PDF),
        ("a.jpg", b"GIF89a" + b"\0" * 32),
        ("a.docx", XLSX),
        ("a.xlsx", DOCX),
        ("a.docx", b"PK\x03\x04 not a zip"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + b"\0" * 600),
        ("a.docx", office_file("word/document.xml", "word/vbaProject.bin")),
        ("a.docx", office_file("word/document.xml", types="application/vnd.ms-word.document.macroEnabled.main+xml")),
        ("a.docx", office_file("word/document.xml", types=" " * 2_000_000)),
        ("a.docx", office_file("word/document.xml", "../../outside.xml")),
        ("a.xlsx", office_file("xl/workbook.xml", "xl/externalLinks/externalLink1.xml")),
        ("a.exe", b"MZ"),
        ("a.svg", b"<svg/>"),
        ("a.html", b"<html/>"),
        ("a.zip", XLSX),
        ("pdf", PDF),
        ("a.pdf", b""),
    ],
)
def test_what_is_something_else_is_refused_in_words(quarter: Quarter, folder: Path, name: str, content: bytes) -> None:
    with pytest.raises(UploadRefused) as caught:
        add_evidence(quarter.line(), upload(name, content), by=quarter.cast.xie)
    assert caught.value.message.endswith("。")
    assert (kept(folder), Evidence.objects.count()) == ([], 0)


def test_a_file_too_large_is_refused(quarter: Quarter, settings: Any) -> None:
    settings.EVIDENCE_MAX_SIZE = len(PDF) - 1
    with pytest.raises(UploadRefused, match="文件太大"):
        add_evidence(quarter.line(), upload(), by=quarter.cast.xie)


@given(st.binary(max_size=2000), st.sampled_from(["a.pdf", "a.docx", "a.xlsx", "a.png", "a.jpg"]))
def test_any_bytes_are_taken_or_refused(content: bytes, name: str) -> None:
    try:
        identify(upload(name, content))
    except UploadRefused:
        return
    assert content[:3] in (b"%PD", b"PK\x03", b"\x89PN", b"\xff\xd8\xff")


def test_a_name_has_no_signs_that_nobody_sees() -> None:
    assert clean_name("合同\u202efdp.exe") == "合同fdp.exe"
    assert clean_name("长" * 300 + ".pdf") == "长" * 196 + ".pdf"


# -- attaching and taking away -----------------------------------------------------------------


def test_a_file_is_kept_under_a_name_of_the_servers(attached: Evidence, folder: Path, quarter: Quarter) -> None:
    assert kept(folder) == [attached.pk.hex]
    assert get_path(attached.pk).read_bytes() == PDF
    assert (attached.size, attached.sha256) == (len(PDF), hashlib.sha256(PDF).hexdigest())
    assert (str(attached), attached.name, attached.uploaded_by) == ("技术合同登记表", "合同.pdf", quarter.cast.xie)
    assert (get_path(attached.pk).stat().st_mode & 0o777, folder.stat().st_mode & 0o077) == (0o600, 0)


def test_attaching_and_taking_away_stay_in_the_record(attached: Evidence, quarter: Quarter) -> None:
    before = Return.objects.get().version
    remove_evidence(attached, by=quarter.cast.xie)
    said = [list(entry.content) for entry in LineEntry.objects.filter(line=quarter.line())]
    assert said == [["evidence_added"], ["evidence_removed"]]
    assert set(AuditEvent.objects.filter(verb__startswith="evidence").values_list("verb", flat=True)) == {"evidence.added", "evidence.removed"}
    assert Return.objects.get().version == before + 1


@pytest.mark.django_db(transaction=True)
def test_what_is_taken_away_leaves_the_disk_with_the_record() -> None:
    quarter = Quarter()
    attached = add_evidence(quarter.line(), upload(), by=quarter.cast.xie)
    with transaction.atomic():
        remove_evidence(attached, by=quarter.cast.xie)
        transaction.set_rollback(True)
    again = Evidence.objects.get()
    assert get_path(again.pk).exists()
    key = again.pk
    remove_evidence(again, by=quarter.cast.xie)
    assert not get_path(key).exists()


def test_a_file_that_is_not_recorded_is_not_kept(attached: Evidence, quarter: Quarter, folder: Path) -> None:
    with pytest.raises(RecordError, match="已经附在这里"):
        add_evidence(quarter.line(), upload("again.pdf"), by=quarter.cast.xie)
    with pytest.raises(RecordError, match="最多 200 字，已超出"):
        add_evidence(quarter.line(), upload("other.pdf", PDF + b" "), by=quarter.cast.xie, title="长" * 201)
    assert kept(folder) == [attached.pk.hex]


def test_a_line_has_so_many_files_at_most(quarter: Quarter) -> None:
    for number in range(FILES_EACH):
        add_evidence(quarter.line(), upload(content=PDF + b" " * number), by=quarter.cast.xie)
    with pytest.raises(RecordError, match="最多"):
        add_evidence(quarter.line(), upload(content=PDF + b"\n\n\n"), by=quarter.cast.xie)


@pytest.mark.parametrize("who", ["shen", "guo", "lin", "du"])
def test_only_the_units_reporter_attaches_and_takes_away(quarter: Quarter, attached: Evidence, folder: Path, who: str) -> None:
    person: User = getattr(quarter.cast, who)
    with pytest.raises(NotAllowed):
        add_evidence(quarter.line(), upload("b.png", PNG), by=person)
    with pytest.raises(NotAllowed):
        remove_evidence(attached, by=person)
    assert kept(folder) == [attached.pk.hex]


def test_once_handed_in_files_stay_as_they_are(attached: Evidence, quarter: Quarter) -> None:
    quarter.fill()
    submit_return(quarter.report, by=quarter.cast.xie)
    with pytest.raises(WrongState):
        add_evidence(quarter.line(), upload("b.png", PNG), by=quarter.cast.xie)
    with pytest.raises(WrongState):
        remove_evidence(attached, by=quarter.cast.xie)
    fields = {"line": quarter.line(), "name": "b.png", "content_type": "image/png", "size": 1, "sha256": "a" * 64, "uploaded_by": quarter.cast.xie}
    refused_by("evidence_changes_only_while_open", lambda: Evidence.objects.create(**fields))
    refused_by("evidence_changes_only_while_open", attached.delete)
    refused_by("indicators_evidence_append_only", lambda: Evidence.objects.update(name="other.pdf"))


def refused_by(name: str, change: Any) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        change()
    assert caught.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def test_who_attached_a_file_does_not_approve_it(quarter: Quarter) -> None:
    from indicators.actions.reporting import approve_return
    from tests.builders import make_user

    both = make_user("both", quarter.cast.gxt, "reporter", "reviewer")
    add_evidence(quarter.line(), upload(), by=both)
    quarter.fill()
    submit_return(quarter.report, by=quarter.cast.xie)
    with pytest.raises(NotAllowed):
        approve_return(quarter.report, by=both)


# -- who sees which ----------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "sees"), [("xie", True), ("shen", True), ("guo", True), ("jiang", True), ("lin", False), ("du", False)])
def test_a_drafts_file_is_its_units_and_the_offices(client: Client, quarter: Quarter, attached: Evidence, who: str, sees: bool) -> None:
    person: User = getattr(quarter.cast, who)
    assert Evidence.objects.visible_to(person).exists() is sees
    client.force_login(person)
    answer = client.get(f"{PAGE}evidence/{attached.pk}/")
    answer.close()
    assert answer.status_code == (200 if sees else 404)


def test_an_accepted_figures_file_is_for_who_sees_the_figure(client: Client, quarter: Quarter, attached: Evidence) -> None:
    quarter.accept()
    observation = Observation.objects.get(line=quarter.line())
    outsider = User.objects.create(username="outsider", unit=quarter.cast.city, clearance="public")
    assert Evidence.objects.visible_to(quarter.cast.du).exists()
    assert not Evidence.objects.visible_to(outsider).exists()  # the file is internal
    client.force_login(quarter.cast.du)
    page = client.get(f"/provenance/observation/{observation.pk}/").content.decode()
    for words in ("技术合同登记表", "合同.pdf", attached.sha256[:16], "gxt xie", "未扫描", f'href="{PAGE}evidence/{attached.pk}/"'):
        assert words in page


def test_a_file_is_saved_and_not_shown(client: Client, quarter: Quarter, attached: Evidence) -> None:
    client.force_login(quarter.cast.shen)
    answer = client.get(f"{PAGE}evidence/{attached.pk}/")
    assert b"".join(answer.streaming_content) == PDF  # type: ignore[attr-defined]
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert "no-store" in answer["Cache-Control"]
    answer.close()


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(PDF + b"x")])
def test_a_damaged_file_is_not_handed_out(client: Client, quarter: Quarter, attached: Evidence, damage: Any) -> None:
    damage(get_path(attached.pk))
    client.force_login(quarter.cast.shen)
    answer = client.get(f"{PAGE}evidence/{attached.pk}/")
    assert (answer.status_code, "校验值" in answer.content.decode()) == (500, True)


@pytest.mark.parametrize("path", ["evidence/00000000-0000-4000-8000-000000000000/", "evidence/..%2f..%2fsecret_key/", "evidence/1/"])
def test_what_is_not_there_is_a_404(client: Client, quarter: Quarter, path: str) -> None:
    client.force_login(quarter.cast.xie)
    assert client.get(PAGE + path).status_code == 404


def test_a_file_has_the_address_of_its_own_return_alone(client: Client, quarter: Quarter, attached: Evidence) -> None:
    client.force_login(quarter.cast.guo)
    assert client.get(f"/reporting/2025-Q3/620100/evidence/{attached.pk}/").status_code == 404


# -- the page ----------------------------------------------------------------------------------


def test_the_page_attaches_shows_and_takes_away(client: Client, quarter: Quarter) -> None:
    client.force_login(quarter.cast.xie)
    address = f"{PAGE}lines/{quarter.line().pk}/evidence/"
    answer = client.post(address, {"file": upload(), "title": "<b>登记表</b>"})
    assert (answer.status_code, answer.json()["count"]) == (200, 1)
    assert "&lt;b&gt;登记表" in answer.json()["evidence"]
    quarter.fill()
    assert "附佐证材料 1 份" in client.get(f"{PAGE}submit/").content.decode()
    answer = client.post(f"{PAGE}evidence/{Evidence.objects.get().pk}/remove/")
    assert (answer.status_code, answer.json()["count"], "登记表" in answer.json()["evidence"]) == (200, 0, False)


def test_the_reviewer_sees_the_files_and_cannot_take_them_away(client: Client, quarter: Quarter, attached: Evidence) -> None:
    quarter.fill()
    submit_return(quarter.report, by=quarter.cast.xie)
    client.force_login(quarter.cast.shen)
    page = client.get(PAGE).content.decode()
    assert "技术合同登记表" in page
    assert "data-remove" not in page
    assert client.post(f"{PAGE}evidence/{attached.pk}/remove/").status_code == 403


def test_a_body_too_large_is_refused_before_it_is_read(client: Client, quarter: Quarter, settings: Any) -> None:
    client.force_login(quarter.cast.xie)
    settings.EVIDENCE_MAX_SIZE = 2 * 1024 * 1024
    large = upload(content=PDF + b" " * 2_200_000)
    answer = client.post(f"{PAGE}lines/{quarter.line().pk}/evidence/", {"file": large}, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["message"]) == (413, "内容太大。这里一次最多接收 2 MB。")


def test_attaching_needs_its_csrf_token(quarter: Quarter) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(quarter.cast.xie)
    assert client.post(f"{PAGE}lines/{quarter.line().pk}/evidence/", {"file": upload()}).status_code == 403
    assert not Evidence.objects.exists()


def test_nothing_chosen_is_said(client: Client, quarter: Quarter) -> None:
    client.force_login(quarter.cast.xie)
    assert client.post(f"{PAGE}lines/{quarter.line().pk}/evidence/", {}).status_code == 422


def test_a_title_may_hold_what_no_database_can(quarter: Quarter) -> None:
    assert add_evidence(quarter.line(), upload(), by=quarter.cast.xie, title=" 登记\x00表 ").title == "登记表"


def test_what_two_people_take_away_is_taken_away_once(quarter: Quarter, attached: Evidence) -> None:
    again = Evidence.objects.get(pk=attached.pk)
    remove_evidence(attached, by=quarter.cast.xie)
    with pytest.raises(RecordError, match="已经移除"):
        remove_evidence(again, by=quarter.cast.xie)
    assert sum("evidence_removed" in entry.content for entry in LineEntry.objects.all()) == 1
