"""Files that bear out a line: attached and taken away while its return is being filled, kept for ever after that."""

from uuid import uuid4

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ..errors import NotAllowed, RecordError
from ..evidence_files import NAME_LENGTH, discard, identify, store
from ..models import Evidence, Line, LineEntry
from ..queries.entries import FILE_ADDED, FILE_REMOVED
from .reporting import clean_text, lock_line, lock_return, raise_version, require_open

FILES_A_LINE = 20


def add_evidence(line: Line, file: UploadedFile, *, by: User, title: str = "") -> Evidence:
    """Attach a file to a line of a draft. Raises ``UploadRefused`` for one that is not taken.

    The file is on the disk before the row is in the record: a row without its file would be worse than the reverse.
    """
    _require_author(line, by)
    title = clean_text(title, NAME_LENGTH, "title")
    name, content_type = identify(file)
    key = uuid4()
    size, sha256 = store(key, file)
    try:
        evidence = Evidence(id=key, line=line, title=title, name=name, content_type=content_type, size=size, sha256=sha256)
        return _record(evidence, line, by=by)
    except BaseException:
        discard([key])
        raise


def _require_author(line: Line, by: User) -> None:
    if not by.has_perm("return.edit", line.report):
        raise NotAllowed(_("只有本单位的填报员可以增减这张报表的佐证材料。"))


@transaction.atomic
def _record(evidence: Evidence, line: Line, *, by: User) -> Evidence:
    report, line = lock_line(line)
    require_open(report, _("增加佐证材料"))
    others = line.evidence.all()
    if others.filter(sha256=evidence.sha256).exists():
        raise RecordError(_("这个文件已经附在这一行。"))
    if others.count() >= FILES_A_LINE:
        raise RecordError(_("每行最多附 %(n)s 份材料。") % {"n": FILES_A_LINE})
    evidence.uploaded_by, evidence.is_demo = by, report.is_demo
    evidence.save(force_insert=True)
    raise_version(report)
    _write_down(line, by, FILE_ADDED, evidence)
    return evidence


@transaction.atomic
def remove_evidence(evidence: Evidence, *, by: User) -> None:
    """Take a file away from a line of a draft; that it was there stays in the record."""
    line = evidence.line
    if line is None:
        raise NotAllowed(_("只有填报行的佐证材料可以移除。"))
    _require_author(line, by)
    report = lock_return(line.report_id)
    require_open(report, _("移除佐证材料"))
    if not Evidence.objects.filter(pk=evidence.pk).exists():
        raise RecordError(_("这个文件已经移除。"))
    _write_down(line, by, FILE_REMOVED, evidence)
    key = evidence.pk
    evidence.delete()
    raise_version(report)
    transaction.on_commit(lambda: discard([key]))


def _write_down(line: Line, by: User, verb: str, evidence: Evidence) -> None:
    said = f"{evidence.name} sha256:{evidence.sha256}"
    LineEntry.objects.create(line=line, content={verb: said}, by=by, at=timezone.now(), is_demo=evidence.is_demo)
    record_event(f"evidence.{verb.removeprefix('evidence_')}", evidence, by=by, name=evidence.name, sha256=evidence.sha256, line=line.pk)
