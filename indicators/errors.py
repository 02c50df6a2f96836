"""What can be wrong with a request to change the record; each error words itself for the person who asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _


class RecordError(Exception):
    """The record refuses a change. ``status`` is the HTTP answer, ``code`` what a program can test for."""

    status = 422
    code = "invalid"

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class NotAllowed(RecordError):
    """The person may see the thing and may not do this to it."""

    status = 403
    code = "not_allowed"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("您没有进行此操作的权限。"))


class WrongState(RecordError):
    """The thing is not in a state in which this can be done."""

    status = 409
    code = "wrong_state"


class Conflict(RecordError):
    """Somebody else changed it since it was read."""

    status = 412
    code = "conflict"


class ReasonRequired(RecordError):
    code = "reason_required"

    def __init__(self) -> None:
        super().__init__(_("请写明理由：对方要据此修改。"))


class TextTooLong(RecordError):
    """A text is longer than its field holds: refused whole, for a cut one would say something else. ``field`` is whose it is."""

    def __init__(self, field: str, *, most: int, length: int) -> None:
        super().__init__(_("最多 %(most)s 字，已超出 %(over)s 字。") % {"most": most, "over": length - most}, field=field)
        self.field = field


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with one part of what was sent."""

    where: str
    message: str


class NotReady(RecordError):
    """Something is still wrong in parts; each is named."""

    code = "not_ready"

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        super().__init__(message, problems=[vars(p) for p in problems])
        self.problems = problems
