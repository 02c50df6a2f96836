"""The files of evidence: which are taken, told by their content, and where they are kept.

A file is kept under the id of its row, outside anything that is served; its own name is for people only.
Nothing here ever opens a file to show it.
"""

import hashlib
import os
import tempfile
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from .uploads import UploadRefused, check_office_file

NAME_LENGTH = 200
BLOCK = 1024 * 1024
# Some writers put a line or two after the mark that ends a PDF.
PDF_END = 2048


class FileDamaged(Exception):
    """What is on the disk is not what was stored: it is missing, or its checksum differs."""


def _check_start(*starts: bytes) -> Callable[[BinaryIO, str], None]:
    def check(file: BinaryIO, suffix: str) -> None:
        file.seek(0)
        if not file.read(16).startswith(starts):
            raise UploadRefused(_("文件内容不是 %(suffix)s 格式，请另存为真正的 %(suffix)s 再上传。") % {"suffix": suffix})

    return check


def _check_pdf(file: BinaryIO, suffix: str) -> None:
    """A PDF begins at its first byte: what has something before that is a web page or a program as well."""
    _check_start(b"%PDF-")(file, suffix)
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - PDF_END))
    if b"%%EOF" not in file.read():
        raise UploadRefused(_("这个 PDF 文件不完整，请重新导出或扫描后再上传。"))


Check = Callable[[BinaryIO, str], None]
# By the end of the name, which the content must bear out.
TYPES: dict[str, tuple[str, Check]] = {
    ".pdf": ("application/pdf", _check_pdf),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", check_office_file),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", check_office_file),
    ".png": ("image/png", _check_start(b"\x89PNG\r\n\x1a\n")),
    ".jpg": ("image/jpeg", _check_start(b"\xff\xd8\xff")),
    ".jpeg": ("image/jpeg", _check_start(b"\xff\xd8\xff")),
}


def identify(file: UploadedFile) -> tuple[str, str]:
    """The file's name as it is kept, and its content type. Raises ``UploadRefused`` for what is not taken."""
    name = clean_name(file.name or "")
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in TYPES:
        raise UploadRefused(_("只接收 PDF、Word（.docx）、Excel（.xlsx）、PNG、JPG 文件。"))
    if not file.size:
        raise UploadRefused(_("这个文件是空的。"))
    if file.size > settings.EVIDENCE_MAX_SIZE:
        raise UploadRefused(_("文件太大：最大 %(n)s MB。") % {"n": settings.EVIDENCE_MAX_SIZE // BLOCK})
    content_type, check = TYPES[suffix]
    check(file.file, suffix)  # type: ignore[arg-type]  # an upload's file is open for reading
    return name, content_type


def clean_name(name: str) -> str:
    """The name without signs nobody sees: a mark that turns writing round makes an .exe look like a .pdf."""
    seen = "".join(sign for sign in name if unicodedata.category(sign)[0] != "C").strip()
    stem, suffix = os.path.splitext(seen)
    return stem[: NAME_LENGTH - len(suffix)] + suffix[:NAME_LENGTH]


def get_path(key: UUID) -> Path:
    return settings.EVIDENCE_ROOT / key.hex[:2] / key.hex


def store(key: UUID, file: UploadedFile) -> tuple[int, str]:
    """Keep the file: all of it or nothing, on the disk when this returns. Its size and SHA-256."""
    path, digest, size = get_path(key), hashlib.sha256(), 0
    settings.EVIDENCE_ROOT.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.mkdir(exist_ok=True, mode=0o700)
    file.seek(0)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as copy:
        try:
            for chunk in file.chunks():
                copy.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            copy.flush()
            os.fsync(copy.fileno())
            os.replace(copy.name, path)
            _sync(path.parent)
        except BaseException:
            Path(copy.name).unlink(missing_ok=True)
            raise
    return size, digest.hexdigest()


def _sync(folder: Path) -> None:
    """Put a folder's entries on the disk too: without it a power cut may leave a row whose file has no name."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_whole(key: UUID, sha256: str) -> BinaryIO:
    """The file, read once against its checksum. Raises ``FileDamaged``."""
    try:
        file = get_path(key).open("rb")
    except OSError as error:
        raise FileDamaged from error
    if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
        file.close()
        raise FileDamaged
    file.seek(0)
    return file


def discard(keys: Iterable[UUID]) -> None:
    """Take files off the disk; one that is gone already is no fault. Folders stay: another file may be on its way into one."""
    for key in keys:
        get_path(key).unlink(missing_ok=True)
