"""Files that bear out a line or a correction: attached and taken away while it is open, kept for ever after that."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ..errors import NotAllowed, RecordError, WrongState
from ..evidence_files import NAME_LENGTH, discard, identify, store
from ..models import Correction, Evidence, Line, LineEntry
from ..queries.entries import FILE_ADDED, FILE_REMOVED
from ..uploads import UploadRefused
from .reporting import clean_text, lock_line, lock_return, raise_version, require_open

# To a line, and to a correction.
FILES_EACH = 20


def add_evidence(subject: Line | Correction, file: UploadedFile, *, by: User, title: str = "") -> Evidence:
    """Attach a file to a line of a draft, or to a correction that waits. Raises ``UploadRefused`` for one that is not taken."""
    _require_author(subject, by)
    title = clean_text(title, NAME_LENGTH, "title")
    with kept([file]) as [evidence], transaction.atomic():
        attach(evidence, _lock_open(subject, _("增加佐证材料")), by=by, title=title)
    return evidence


@contextmanager
def kept(files: Sequence[UploadedFile]) -> Iterator[list[Evidence]]:
    """The files on the disk, each with its row yet to be saved; all taken off again if what follows fails.

    A file is on the disk before its row is in the record: a row without its file would be worse than the reverse.
    """
    rows: list[Evidence] = []
    known = [_identify(file) for file in files]
    try:
        for file, (name, content_type) in zip(files, known, strict=True):
            row = Evidence(id=uuid4(), name=name, content_type=content_type)
            rows.append(row)
            row.size, row.sha256 = store(row.pk, file)
        yield rows
    except BaseException:
        discard(row.pk for row in rows)
        raise


def _identify(file: UploadedFile) -> tuple[str, str]:
    """Of several files the one at fault is named."""
    try:
        return identify(file)
    except UploadRefused as error:
        raise UploadRefused(_("“%(name)s”：%(why)s") % {"name": file.name, "why": error.message}) from error


def attach(evidence: Evidence, subject: Line | Correction, *, by: User, title: str = "") -> None:
    """Save the row of a file that is kept, in the transaction that holds the return."""
    beside = subject.evidence.all()
    if beside.filter(sha256=evidence.sha256).exists():
        raise UploadRefused(_("“%(name)s”已经附在这里：内容与已有的一份相同。") % {"name": evidence.name})
    if beside.count() >= FILES_EACH:
        raise UploadRefused(_("最多附 %(n)s 份材料。") % {"n": FILES_EACH})
    if isinstance(subject, Correction):
        evidence.correction, evidence.is_demo = subject, subject.is_demo
    else:
        evidence.line, evidence.is_demo = subject, subject.report.is_demo
    evidence.title, evidence.uploaded_by = title, by
    evidence.save(force_insert=True)
    _write_down(subject, by, FILE_ADDED, evidence)


@transaction.atomic
def remove_evidence(evidence: Evidence, *, by: User) -> None:
    """Take a file away from what is open still; that it was there stays in the record."""
    subject = evidence.subject
    _require_author(subject, by)
    subject = _lock_open(subject, _("移除佐证材料"))
    if not Evidence.objects.filter(pk=evidence.pk).exists():
        raise RecordError(_("这个文件已经移除。"))
    _write_down(subject, by, FILE_REMOVED, evidence)
    key = evidence.pk
    evidence.delete()
    transaction.on_commit(lambda: discard([key]))


def _require_author(subject: Line | Correction, by: User) -> None:
    if isinstance(subject, Correction):
        if not by.has_perm("correction.attach", subject):
            raise NotAllowed(_("更正的佐证材料只能由申请人自己增减。"))
    elif not by.has_perm("return.edit", subject.report):
        raise NotAllowed(_("只有本单位的填报员可以增减这张报表的佐证材料。"))


def _lock_open(subject: Line | Correction, verb: str) -> Line | Correction:
    """The line or correction as it is now, its return held, in a new version. Raises ``WrongState`` once its files are fixed."""
    if isinstance(subject, Line):
        report, line = lock_line(subject)
        require_open(report, verb)
        raise_version(report)
        return line
    report = lock_return(subject.line.report_id)
    correction = Correction.objects.get(pk=subject.pk)
    if correction.state != Correction.State.PENDING:
        raise WrongState(_("这项更正已经处理过，不能再%(verb)s。") % {"verb": verb})
    raise_version(report)
    return correction


def _write_down(subject: Line | Correction, by: User, verb: str, evidence: Evidence) -> None:
    """A line's files are among its entries; a correction is none of them, as it is no entry of its line."""
    if isinstance(subject, Line):
        said = f"{evidence.name} sha256:{evidence.sha256}"
        LineEntry.objects.create(line=subject, content={verb: said}, by=by, at=timezone.now(), is_demo=evidence.is_demo)
    verb = f"evidence.{verb.removeprefix('evidence_')}"
    record_event(verb, evidence, by=by, name=evidence.name, sha256=evidence.sha256, line=evidence.line_id, correction=evidence.correction_id)
