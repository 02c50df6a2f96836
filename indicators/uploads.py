"""What a workbook or a text document from outside must be before anything opens it.

An .xlsx or .docx file is a zip of XML: its central directory says how much it would unpack to, and what else is
in it, before a byte is inflated. ``zipfile`` never inflates a member beyond the size declared there.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from django.utils.translation import gettext as _

from .errors import RecordError

MAX_SIZE = 5 * 1024 * 1024
MAX_MEMBERS = 2_000
MAX_UNPACKED = 100 * 1024 * 1024
# A few hundred lines in any real file; it alone is read before the file is taken.
MAX_CONTENT_TYPES = 1024 * 1024
_CONTENT_TYPES = "[Content_Types].xml"
_MAIN_PART = {".xlsx": "xl/workbook.xml", ".docx": "word/document.xml"}
# Programs, links to other files and packed files: nothing a table of figures or tasks needs. (The picture of a chart in
# a text document brings its numbers along as an embedded workbook: only packed programs are refused there.)
_FORBIDDEN = ("vbaproject", "xl/externallinks/", "xl/embeddings/", "/activex/", "xl/connections.xml", "xl/macrosheets/", "word/embeddings/oleobject")
# What an encrypted workbook and an old .xls are: an OLE container.
_OLE = b"\xd0\xcf\x11\xe0"


class UploadRefused(RecordError):
    """The file is not taken; the sentence says why."""

    code = "upload"


@contextmanager
def refusing_damage() -> Iterator[None]:
    """Around what reads a workbook: a damaged or hostile one may raise anything, and each is the same answer."""
    try:
        yield
    except UploadRefused:
        raise
    except Exception as error:
        raise UploadRefused(_("读不出这个文件的内容：请用 Excel 打开并重新保存后再试。")) from error


def check_xlsx(file: BinaryIO, name: str, size: int, *, largest: int = MAX_SIZE, unpacked: int = MAX_UNPACKED) -> None:
    """Refuse what is not a plain, small .xlsx workbook. Leaves the file at its beginning."""
    if size > largest:
        raise UploadRefused(_("文件太大：最大 %(n)s MB。") % {"n": largest // 1024 // 1024})
    if not name.lower().endswith(".xlsx"):
        raise UploadRefused(_("只接收 .xlsx 文件；.xls、.xlsm、.csv 等请在 Excel 中另存为“Excel 工作簿（*.xlsx）”。"))
    check_office_file(file, ".xlsx", unpacked=unpacked)


def check_office_file(file: BinaryIO, suffix: str, *, unpacked: int = MAX_UNPACKED) -> None:
    """Refuse what is not a plain .xlsx or .docx file, whichever ``suffix`` says. Leaves the file at its beginning."""
    file.seek(0)
    start = file.read(4)
    if start == _OLE:
        raise UploadRefused(_("这个文件加了密码，或是旧的 Office 格式；请去掉密码并另存为 %(suffix)s。") % {"suffix": suffix})
    try:
        with zipfile.ZipFile(file) as archive:
            _check_members(archive.infolist(), suffix, unpacked)
            _check_content_types(archive, suffix)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, OSError, EOFError) as error:
        raise UploadRefused(_("这不是一个完好的 %(suffix)s 文件。") % {"suffix": suffix}) from error
    file.seek(0)


def _check_content_types(archive: zipfile.ZipFile, suffix: str) -> None:
    """A workbook with programs stays one when it is renamed: it says so itself."""
    if archive.getinfo(_CONTENT_TYPES).file_size > MAX_CONTENT_TYPES:
        raise UploadRefused(_("文件的内部结构不正常，未予打开。"))
    if b"macroenabled" in archive.read(_CONTENT_TYPES).lower():
        raise UploadRefused(_("文件含有宏，未予打开；请另存为不含宏的 %(suffix)s。") % {"suffix": suffix})


def _check_members(members: list[zipfile.ZipInfo], suffix: str, unpacked: int) -> None:
    names = [m.filename.replace("\\", "/") for m in members]
    lower = [n.lower() for n in names]
    if len(members) > MAX_MEMBERS or sum(m.file_size for m in members) > unpacked:
        raise UploadRefused(_("文件展开后过大（最多 %(n)s MB），未予打开；请只保留需要的内容。") % {"n": unpacked // 1024 // 1024})
    if any(m.flag_bits & 0x1 for m in members):
        raise UploadRefused(_("这个文件加了密码；请去掉密码后再上传。"))
    if len(set(lower)) != len(lower) or any(n.startswith("/") or ".." in n.split("/") for n in names):
        raise UploadRefused(_("文件的内部结构不正常，未予打开。"))
    if any(word in n for n in lower for word in _FORBIDDEN):
        raise UploadRefused(_("文件含有宏、外部链接或嵌入文件，未予打开；请另存为不含这些内容的 %(suffix)s。") % {"suffix": suffix})
    if any(required not in names for required in (_CONTENT_TYPES, _MAIN_PART[suffix])):
        raise UploadRefused(_("这不是一个完好的 %(suffix)s 文件。") % {"suffix": suffix})
