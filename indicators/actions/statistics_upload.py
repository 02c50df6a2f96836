"""A file of statistics on its way: received, shown, confirmed. A long one is read and taken in by a worker.

Each step is a state of the upload's row, so a reload, a second click, a lost message or a killed worker
loses nothing and does nothing twice.
"""

import hashlib
import zlib
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from kejiting.accounts.models import User

from ..errors import NotAllowed, RecordError, WrongState
from ..imports.published.plan import Choices, StatisticsPlan
from ..imports.published.preview import describe
from ..imports.published.read import plan_statistics
from ..imports.published.sheet import StatisticsSheet, read_statistics
from ..models import StatisticsUpload
from .statistics_import import import_statistics

State = StatisticsUpload.State
# What is read within a request: some ten thousand rows of text, two thousand of a workbook; a second or so.
SHORT_TEXT, SHORT_WORKBOOK = 3 * 1024 * 1024, 200 * 1024
MOST_ATTEMPTS = 3
KEPT_DAYS, KEPT_DONE_DAYS = 2, 30
# A worker that has not finished by then was killed, or never heard of it.
LOST_AFTER = timedelta(minutes=6)


def receive_statistics(*, by: User, name: str, content: bytes, source: str = "", published_on: date | None = None) -> StatisticsUpload:
    """Keep a file until it is confirmed, with its preview if it is short. Raises ``UploadRefused`` for what is no table."""
    _require(by)
    _forget_old()
    upload = StatisticsUpload(name=name, sha256=hashlib.sha256(content).hexdigest(), uploaded_by=by)
    upload.content, upload.choices = zlib.compress(content), _to_json(Choices(source=source, published_on=published_on))
    if is_short(name, len(content)):
        _show(upload, read_statistics(content, name))
    upload.save()
    _go_on(upload)
    return upload


def is_short(name: str, size: int) -> bool:
    return size <= (SHORT_WORKBOOK if name.lower().endswith(".xlsx") else SHORT_TEXT)


def choose(upload: StatisticsUpload, choices: Choices, *, by: User) -> StatisticsUpload:
    """What the person decided of names that are not on record; the preview follows it."""
    with transaction.atomic():
        upload = _lock(upload, by=by)
        if upload.state != State.READY:
            return upload
        upload.choices, upload.state, upload.error, upload.attempts = _to_json(choices), State.READING, "", 0
        upload.save()
    _go_on(upload)
    upload.refresh_from_db()
    return upload


def confirm(upload: StatisticsUpload, *, by: User, fingerprint: str) -> StatisticsUpload:
    """Take the file in as its preview showed it. Confirming again changes nothing."""
    with transaction.atomic():
        upload = _lock(upload, by=by)
        if upload.state in (State.IMPORTING, State.DONE):
            return upload
        if upload.state != State.READY or not fingerprint or upload.fingerprint != fingerprint:
            raise WrongState(_("预览之后记录或选择又有变动，请核对新的预览后再确认。"))
        upload.state, upload.error, upload.attempts = State.IMPORTING, "", 0
        upload.save()
    _go_on(upload)
    upload.refresh_from_db()
    return upload


def forget(upload: StatisticsUpload, *, by: User) -> None:
    """Leave a file, and keep nothing of it."""
    with transaction.atomic():
        upload = _lock(upload, by=by)
        if upload.state == State.IMPORTING:
            raise WrongState(_("正在导入，不能放弃。"))
        upload.delete()


def work(key: int) -> None:
    """Do what an upload waits for: its preview, or its import. Whoever holds it already goes on alone."""
    if not _count_attempt(key):
        return
    with transaction.atomic():
        upload = _hold_waiting(key)
        if upload is None:
            return
        try:
            sheet = read_statistics(zlib.decompress(upload.content), upload.name)
        except RecordError as error:
            upload.state, upload.error, upload.preview, upload.fingerprint = State.READY, error.message[:500], None, ""
        else:
            _import(upload, sheet) if upload.state == State.IMPORTING else _show(upload, sheet)
        upload.save()


def sweep() -> None:
    """Go on with uploads whose message was lost or whose worker was killed."""
    lost = StatisticsUpload.objects.filter(state__in=(State.READING, State.IMPORTING), changed_at__lt=timezone.now() - LOST_AFTER)
    for key in lost.values_list("pk", flat=True):
        work(key)


def get_choices(upload: StatisticsUpload) -> Choices:
    said: dict[str, Any] = dict(upload.choices)
    day = said.pop("published_on", None)
    return Choices(**said, published_on=date.fromisoformat(day) if day else None)


# -- steps ---------------------------------------------------------------------------------------


def _require(by: User) -> None:
    if not by.has_perm("statistics.import"):
        raise NotAllowed


def _lock(upload: StatisticsUpload, *, by: User) -> StatisticsUpload:
    _require(by)
    upload = StatisticsUpload.objects.select_for_update(of=("self",)).defer("content").get(pk=upload.pk)
    if upload.uploaded_by_id != by.pk:
        raise NotAllowed
    return upload


def _go_on(upload: StatisticsUpload) -> None:
    """At once where it takes a moment, else by a worker."""
    if upload.state not in (State.READING, State.IMPORTING):
        return
    # No more of it is unpacked than tells a short one from a long one.
    if is_short(upload.name, len(zlib.decompressobj().decompress(upload.content, SHORT_TEXT + 1))):
        work(upload.pk)
    else:
        transaction.on_commit(lambda: _nudge(upload.pk), robust=True)


def _nudge(key: int) -> None:
    try:
        current_app.send_task("indicators.tasks.work_on_statistics", [key])
    except OperationalError:
        return  # the broker is down: the sweep finds it


def _hold_waiting(key: int) -> StatisticsUpload | None:
    """An upload that waits for work, unless another holds it; its content is read when it is asked for."""
    rows = StatisticsUpload.objects.select_for_update(skip_locked=True).defer("content")
    return rows.filter(pk=key, state__in=(State.READING, State.IMPORTING)).first()


def _count_attempt(key: int) -> bool:
    """Committed before the work, so that what kills a worker each time is given up."""
    with transaction.atomic():
        upload = _hold_waiting(key)
        if upload is None:
            return False
        upload.attempts += 1
        if upload.attempts > MOST_ATTEMPTS:
            upload.state, upload.error = State.READY, _("处理多次没有完成，请把文件分小后再试。")
        upload.save()
    return upload.attempts <= MOST_ATTEMPTS


def _show(upload: StatisticsUpload, sheet: StatisticsSheet, *, plan: StatisticsPlan | None = None) -> None:
    plan = plan or plan_statistics(sheet, choices=get_choices(upload), by=upload.uploaded_by)
    upload.preview, upload.fingerprint, upload.state = describe(plan), plan.fingerprint, State.READY


def _import(upload: StatisticsUpload, sheet: StatisticsSheet) -> None:
    try:
        upload.batch, _plan = import_statistics(
            sheet,
            choices=get_choices(upload),
            by=upload.uploaded_by,
            name=upload.name,
            sha256=upload.sha256,
            expected=upload.fingerprint,
        )
    except RecordError as error:
        _show(upload, sheet)
        upload.error = error.message[:500]
        return
    upload.state, upload.content = State.DONE, b""


def _forget_old() -> None:
    now = timezone.now()
    StatisticsUpload.objects.exclude(state=State.DONE).filter(changed_at__lt=now - timedelta(days=KEPT_DAYS)).delete()
    StatisticsUpload.objects.filter(state=State.DONE, changed_at__lt=now - timedelta(days=KEPT_DONE_DAYS)).delete()


def _to_json(choices: Choices) -> dict[str, Any]:
    return asdict(choices) | {"published_on": choices.published_on.isoformat() if choices.published_on else None}
