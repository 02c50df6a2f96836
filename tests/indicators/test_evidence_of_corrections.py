"""Files that bear out a correction: put to it when it is asked and until it is decided, by who asked, and fixed after that."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from indicators.actions.corrections import accept_correction, request_correction, send_back_correction, withdraw_correction
from indicators.actions.evidence import FILES_EACH, add_evidence, remove_evidence
from indicators.errors import NotAllowed, RecordError, WrongState
from indicators.evidence_files import get_path
from indicators.models import Correction, Evidence, LineEntry, Observation, Return
from indicators.uploads import UploadRefused
from kejiting.accounts.models import AuditEvent, User
from tests.builders import Quarter

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PAGE = "/reporting/2025-Q3/gxt/"


def upload(name: str = "凭证.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def ask(quarter: Quarter, *files: SimpleUploadedFile, value: str = "13", by: User | None = None) -> Correction:
    return request_correction(quarter.line(), by=by or quarter.cast.xie, value=value, reason="漏报一项", files=files)


def kept(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    return tmp_path / "evidence"


@pytest.fixture
def quarter() -> Quarter:
    quarter = Quarter()
    quarter.accept("12")
    return quarter


@pytest.fixture
def correction(quarter: Quarter) -> Correction:
    return ask(quarter, upload())


# -- asked with its files ----------------------------------------------------------------------


def test_a_correction_is_asked_with_its_files(quarter: Quarter, folder: Path) -> None:
    correction = ask(quarter, upload(), upload("截图.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 32))
    files = list(correction.evidence.all())
    assert [(file.name, file.uploaded_by, file.subject) for file in files] == [(name, quarter.cast.xie, correction) for name in ("凭证.pdf", "截图.png")]
    assert get_path(files[0].pk).read_bytes() == PDF
    assert AuditEvent.objects.filter(verb="evidence.added", detail__correction=correction.pk).count() == 2
    # It is no entry of the line, which nobody changed since it was accepted.
    assert not LineEntry.objects.filter(content__has_key="evidence_added").exists()


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([upload("表.pdf"), upload("程序.exe", b"MZ")], "“程序.exe”：只接收 PDF"),
        ([upload("表.pdf"), upload("空.pdf", b"")], "“空.pdf”：这个文件是空的"),
        ([upload("一.pdf"), upload("二.pdf")], "“二.pdf”已经附在这里"),
        ([upload(content=PDF + b" " * n) for n in range(FILES_EACH + 1)], f"最多附 {FILES_EACH} 份"),
    ],
)
def test_one_file_that_is_not_taken_and_nothing_is_asked(quarter: Quarter, folder: Path, files: list[SimpleUploadedFile], sentence: str) -> None:
    with pytest.raises(UploadRefused, match=sentence):
        ask(quarter, *files)
    assert (Correction.objects.count(), Evidence.objects.count(), kept(folder)) == (0, 0, 0)


def test_a_correction_that_is_refused_keeps_no_file(quarter: Quarter, folder: Path) -> None:
    with pytest.raises(RecordError, match="与现行数值相同"):
        ask(quarter, upload(), value="12")
    with pytest.raises(NotAllowed):
        ask(quarter, upload(), by=quarter.cast.lin)
    assert (Evidence.objects.count(), kept(folder)) == (0, 0)


# -- while it waits ----------------------------------------------------------------------------


def test_files_come_and_go_while_it_waits(quarter: Quarter, correction: Correction) -> None:
    before = Return.objects.get().version
    second = add_evidence(correction, upload("补充.pdf", PDF + b" "), by=quarter.cast.xie)
    assert Return.objects.get().version == before + 1
    remove_evidence(second, by=quarter.cast.xie)
    assert [file.name for file in correction.evidence.all()] == ["凭证.pdf"]
    # What was taken away is known still, by name and checksum.
    assert AuditEvent.objects.get(verb="evidence.removed").detail == {
        "name": "补充.pdf", "sha256": second.sha256, "line": None, "correction": correction.pk,
    }  # fmt: skip
    with pytest.raises(RecordError, match="已经移除"):
        remove_evidence(second, by=quarter.cast.xie)


@pytest.mark.parametrize("who", ["shen", "guo", "jiang", "lin", "du"])
def test_only_who_asked_changes_the_files(quarter: Quarter, correction: Correction, who: str) -> None:
    person: User = getattr(quarter.cast, who)
    with pytest.raises(NotAllowed):
        add_evidence(correction, upload("b.pdf", PDF + b" "), by=person)
    with pytest.raises(NotAllowed):
        remove_evidence(correction.evidence.get(), by=person)
    fields = {"name": "b.pdf", "content_type": "application/pdf", "size": 1, "sha256": "a" * 64, "uploaded_by": person}
    refused_by("evidence_of_correction_is_of_who_asked", lambda: Evidence.objects.create(correction=correction, **fields))


def accept(quarter: Quarter, correction: Correction) -> Correction:
    return accept_correction(correction, by=quarter.cast.guo)


def send_back(quarter: Quarter, correction: Correction) -> Correction:
    return send_back_correction(correction, by=quarter.cast.guo, reason="凭证不清")


def withdraw(quarter: Quarter, correction: Correction) -> Correction:
    return withdraw_correction(correction, by=quarter.cast.xie)


@pytest.mark.parametrize("decide", [accept, send_back, withdraw])
def test_once_decided_files_stay_as_they_are(quarter: Quarter, correction: Correction, decide: Callable[[Quarter, Correction], Correction]) -> None:
    file = correction.evidence.get()
    decide(quarter, correction)
    with pytest.raises(WrongState, match="已经处理过，不能再增加佐证材料"):
        add_evidence(correction, upload("b.pdf", PDF + b" "), by=quarter.cast.xie)
    with pytest.raises(WrongState, match="已经处理过，不能再移除佐证材料"):
        remove_evidence(file, by=quarter.cast.xie)
    fields = {"name": "b.pdf", "content_type": "application/pdf", "size": 1, "sha256": "a" * 64, "uploaded_by": quarter.cast.xie}
    refused_by("evidence_changes_only_while_pending", lambda: Evidence.objects.create(correction=correction, **fields))
    refused_by("evidence_changes_only_while_pending", file.delete)


def refused_by(name: str, change: Any) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        change()
    assert caught.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def test_a_file_is_of_a_line_or_of_a_correction(quarter: Quarter, correction: Correction) -> None:
    fields = {"name": "b.pdf", "content_type": "application/pdf", "size": 1, "sha256": "a" * 64, "uploaded_by": quarter.cast.xie}
    refused_by("evidence_is_of_one_thing", lambda: Evidence.objects.create(**fields))


# -- who sees them -----------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "sees"), [("xie", True), ("shen", True), ("guo", True), ("jiang", True), ("lin", False)])
def test_a_file_is_opened_by_who_sees_the_return(client: Client, quarter: Quarter, correction: Correction, who: str, sees: bool) -> None:
    client.force_login(getattr(quarter.cast, who))
    answer = client.get(f"{PAGE}evidence/{correction.evidence.get().pk}/")
    assert answer.status_code == (200 if sees else 404)
    if sees:
        assert b"".join(answer.streaming_content) == PDF  # type: ignore[attr-defined]
        answer.close()


def test_a_pending_corrections_file_is_not_of_the_figure_in_force(quarter: Quarter, correction: Correction) -> None:
    """Who sees the figure and not the return sees a correction's files once it made a figure."""
    lin = quarter.cast.lin
    assert not Evidence.objects.visible_to(lin).exists()
    accept(quarter, correction)
    assert Observation.objects.visible_to(lin).filter(correction=correction).exists()
    assert Evidence.objects.visible_to(lin).get() == correction.evidence.get()
    lin.clearance = "public"
    assert not Evidence.objects.visible_to(lin).exists()  # the file is internal


# -- the page ----------------------------------------------------------------------------------


def test_the_form_asks_with_files_and_the_decider_sees_them(client: Client, quarter: Quarter) -> None:
    client.force_login(quarter.cast.xie)
    address = f"{PAGE}lines/{quarter.line().pk}"
    client.post(f"{address}/correct/", {"value": "13", "reason": "漏报一项", "files": [upload(), upload("二.pdf", PDF + b" ")]})
    client.post(f"{address}/attach/", {"files": upload("三.pdf", PDF + b"  ")})
    mine = client.get(PAGE).content.decode()
    keys = {file.name: file.pk for file in Evidence.objects.all()}
    assert list(keys) == ["凭证.pdf", "二.pdf", "三.pdf"]
    client.post(f"{address}/detach/", {"evidence": keys.pop("二.pdf")})
    client.force_login(quarter.cast.guo)
    page = client.get(PAGE).content.decode()
    for name, key in keys.items():
        assert f'<a href="{PAGE}evidence/{key}/">{name}</a>' in page
    assert "二.pdf" in mine
    assert "二.pdf" not in page
    assert "/detach/" in mine
    assert "/detach/" not in page
    assert "/attach/" not in page
    client.post(f"{address}/accept/", {})
    observation = Observation.objects.get(vintage=2)
    for shown in (client.get(PAGE), client.get(f"/provenance/observation/{observation.pk}/")):
        text = shown.content.decode()
        assert all(f'href="{PAGE}evidence/{key}/">{name}</a>' in text for name, key in keys.items())
    chain = text[text.index("<h2>更正</h2>") : text.index("<h2>填报</h2>")]
    assert re.search(r"凭证\.pdf.*gxt xie \d{4}年", chain, re.S)


def test_the_files_of_what_was_sent_back_stay_readable(client: Client, quarter: Quarter, correction: Correction) -> None:
    send_back(quarter, correction)
    client.force_login(quarter.cast.xie)
    assert f'href="{PAGE}evidence/{correction.evidence.get().pk}/"' in client.get(PAGE).content.decode()


def test_a_bad_file_is_said_at_the_form_and_what_was_typed_stays(client: Client, quarter: Quarter, settings: Any) -> None:
    client.force_login(quarter.cast.xie)
    settings.EVIDENCE_MAX_SIZE = 1024 * 1024
    pk = quarter.line().pk
    sent = {"value": "13.5", "reason": "漏报一项", "files": [upload(), upload("大.pdf", PDF + b" " * 1024 * 1024 + PDF)]}
    answer = client.post(f"{PAGE}lines/{pk}/correct/", sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'<a href="#correct-files-{pk}">' in page
    [form] = re.findall(r'<details class="defn" open>.*?</details>', page, re.S)
    assert f'id="correct-files-{pk}-wrong">“大.pdf”：文件太大：最大 1 MB。' in form
    assert 'value="13.5"' in form
    assert 'value="漏报一项"' in form
    assert "请重新选择：凭证.pdf、大.pdf" in form
    assert not Correction.objects.exists()


def test_chosen_files_are_named_where_something_else_was_wrong(client: Client, quarter: Quarter) -> None:
    client.force_login(quarter.cast.xie)
    page = client.post(f"{PAGE}lines/{quarter.line().pk}/correct/", {"value": "13", "reason": "", "files": upload()}).content.decode()
    assert "请写明理由" in page
    assert "请重新选择：凭证.pdf" in page


@pytest.mark.parametrize(("files", "sentence"), [({}, "请选择一个文件"), ({"files": upload("a.exe", b"MZ")}, "“a.exe”：只接收 PDF")])
def test_a_file_that_cannot_be_put_to_it_is_said_at_its_field(
    client: Client, quarter: Quarter, correction: Correction, files: dict[str, Any], sentence: str
) -> None:
    client.force_login(quarter.cast.xie)
    pk = quarter.line().pk
    answer = client.post(f"{PAGE}lines/{pk}/attach/", files)
    assert answer.status_code == 422
    assert re.search(rf'id="attach-{pk}-wrong">{sentence}', answer.content.decode())


@pytest.mark.parametrize("key", ["", "x", "00000000-0000-4000-8000-000000000000"])
def test_taking_away_what_is_not_there_is_answered(client: Client, quarter: Quarter, correction: Correction, key: str) -> None:
    client.force_login(quarter.cast.xie)
    answer = client.post(f"{PAGE}lines/{quarter.line().pk}/detach/", {"evidence": key})
    assert (answer.status_code, "这个文件已经移除" in answer.content.decode()) == (422, True)


def test_the_grids_button_takes_no_file_of_a_correction(client: Client, quarter: Quarter, correction: Correction) -> None:
    client.force_login(quarter.cast.xie)
    assert client.post(f"{PAGE}evidence/{correction.evidence.get().pk}/remove/").status_code == 404
    assert correction.evidence.exists()
