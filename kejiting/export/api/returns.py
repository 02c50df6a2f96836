"""Reporting by machine: the returns one may see, one return with its lines, entry, steps, corrections.

Everything is an action of ``indicators.actions.reporting``; here is only what HTTP adds: versions as
ETags, bodies read strictly, the return as JSON after each step.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from indicators.actions import corrections
from indicators.actions import reporting as actions
from indicators.errors import Conflict, NotAllowed, RecordError, WrongState
from indicators.models import Correction, Line, Return
from indicators.queries.returns import get_return, get_returns
from indicators.queries.sheets import get_row, get_sheet

from ..errors import VersionRequired
from .base import ApiView, ListView
from .filters import Codes, Flag, choices, filters
from .return_serializers import CorrectionInput, LineInput, ReturnOutput, ReturnRow, SavedLine, StepInput

IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=True, description="读到的版本，如 \"7\"；取此报表任一较早的 ETag。")


class ReturnFilters(filters.FilterSet):
    round = Codes(field_name="round__code", label="批次")
    unit = Codes(field_name="unit__code", label="单位代码")
    state = choices("state", Return.State, label="状态")
    is_demo = Flag(label="是否演示")


class ReturnList(ListView):
    """本账号可见的报表。"""

    model = Return
    serializer_class = ReturnRow
    filterset_class = ReturnFilters
    file_name = "returns"

    def get_rows(self) -> QuerySet[Return]:
        return get_returns(self.request.user)


class VersionedView(ApiView):
    """Answers with the return's version as its ``ETag``."""

    has_version = True


class ReturnDetail(VersionedView):
    @extend_schema(responses=ReturnOutput)
    def get(self, request: Request, round: str, unit: str) -> Response:
        """一张报表：本单位此时须填的各行、背景数值、流转记录。响应头 ETag 即版本。"""
        return answer_return(request, find_return(request, round, unit))


class ReturnLine(VersionedView):
    @extend_schema(responses=SavedLine)
    def get(self, request: Request, round: str, unit: str, line: int) -> Response:
        """报表的一行。"""
        report = find_return(request, round, unit)
        find_line(report, line)
        return answer_line(request, report, line)

    @extend_schema(request=LineInput, parameters=[IF_MATCH], responses=SavedLine)
    def patch(self, request: Request, round: str, unit: str, line: int) -> Response:
        """填写一行。能存下的数字一律保存，疑点列在 findings；只有存不下的才答 422。没有写的字段不变，但写 value 而不写 qualifier 即为确数。"""
        report = find_return(request, round, unit)
        row = find_line(report, line)
        changes = read_object(request, required=True)
        if "value" in changes and row.kind == "indicator":
            # A new number is a new statement: the old one's "about" is not this one's.
            changes.setdefault("qualifier", "")
        if not request.user.has_perm("return.edit", report):
            raise NotAllowed(_("只有本单位的填报员可以填写这张报表。"))
        actions.save_line(row, changes, by=request.user, seen_version=read_version(request, report))
        return answer_line(request, find_return(request, round, unit), line)


Step = Callable[..., Return]


class ReturnStep(VersionedView):
    verb = ""
    verbs: ClassVar[dict[str, Step]] = {
        "submit": actions.submit_return,
        "approve": actions.approve_return,
        "return": actions.send_back_return,
        "accept": actions.accept_return,
    }

    @extend_schema(request=StepInput, responses=ReturnOutput)
    def post(self, request: Request, round: str, unit: str) -> Response:
        """submit 提交，approve 审核通过，return 退回（须写理由），accept 接收。可以没有正文。"""
        report = find_return(request, round, unit)
        self.verbs[self.verb](report, by=request.user, reason=read_input(StepInput, request)["reason"])
        return answer_return(request, find_return(request, round, unit))


class LineCorrection(VersionedView):
    @extend_schema(request=CorrectionInput, responses=ReturnOutput)
    def post(self, request: Request, round: str, unit: str, line: int) -> Response:
        """申请更正已接收的一行；另一人接收之前，原值继续有效。疑点列在该行 correction 的 findings。"""
        report = find_return(request, round, unit)
        row = find_line(report, line)
        asked = read_input(CorrectionInput, request)
        corrections.request_correction(row, by=request.user, **asked)
        return answer_return(request, find_return(request, round, unit))


Decision = Callable[..., Correction]


class CorrectionDecision(VersionedView):
    verb = ""
    verbs: ClassVar[dict[str, Decision]] = {"accept": corrections.accept_correction, "return": corrections.send_back_correction, "withdraw": corrections.withdraw_correction}

    @extend_schema(request=StepInput, responses=ReturnOutput)
    def post(self, request: Request, round: str, unit: str, line: int) -> Response:
        """答复一行的待处理更正：accept 接收，return 退回（须写理由）；withdraw 由申请人自己撤回。"""
        report = find_return(request, round, unit)
        row = find_line(report, line)
        reason = read_input(StepInput, request)["reason"]
        pending = row.corrections.filter(state=Correction.State.PENDING).first()
        if pending is None:
            raise WrongState(_("这一行没有待处理的更正。"))
        self.verbs[self.verb](pending, by=request.user, reason=reason)
        return answer_return(request, find_return(request, round, unit))


# -- what was asked ------------------------------------------------------------------------------


def find_return(request: Request, round: str, unit: str) -> Return:
    try:
        return get_return(request.user, round, unit)
    except Return.DoesNotExist:
        raise Http404(_("没有这张报表，或者您无权查看。")) from None


def find_line(report: Return, line: int) -> Line:
    row = report.lines.select_related("assignment").filter(pk=line).first()
    if row is None:
        raise Http404(_("报表中没有这一行。"))
    return row


def read_object(request: Request, *, required: bool = False) -> dict[str, Any]:
    """The body as a JSON object; none at all is an empty one where a body may be left out."""
    if required and not request.headers.get("Content-Length", "").strip("0"):
        raise ParseError(_("请求没有内容：请发送 JSON 对象，并带 Content-Length。"))
    if not isinstance(request.data, Mapping):
        raise RecordError(_("请发送一个 JSON 对象，如 {\"value\": \"12.5\"}。"))
    if unreadable := [name for name in request.data if len(name) > 40]:
        raise RecordError(_("没有这样的字段：%(names)s") % {"names": f"{unreadable[0][:40]}…"})
    return dict(request.data)


def read_input(kind: type[StepInput], request: Request) -> dict[str, Any]:
    """The body by its serializer; a field it does not have is named, not ignored."""
    data = read_object(request)
    serializer = kind(data=data)
    if unknown := sorted(set(data) - set(serializer.fields)):
        raise RecordError(_("没有这样的字段：%(names)s") % {"names": "、".join(unknown)})
    serializer.is_valid(raise_exception=True)
    return {name: value if value is not None or name == "value" else "" for name, value in serializer.validated_data.items()}


_TAGS = re.compile(r'\s*(?:W/)?"[^"]*"\s*(?:,\s*(?:W/)?"[^"]*"\s*)*')
_TAG = re.compile(r'(W/)?"([^"]*)"')


def read_version(request: Request, report: Return) -> int:
    """The version ``If-Match`` speaks of; of several the newest that this return has had.

    ``*`` and weak tags name no version (RFC 9110 compares strongly here), so they are unknown ones:
    saving "whatever is there" is what the header exists to prevent.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise VersionRequired
    tags = _TAG.findall(header) if _TAGS.fullmatch(header) else []
    known = [int(tag) for weak, tag in tags if not weak and re.fullmatch(r"[1-9][0-9]{0,8}", tag) and int(tag) <= report.version]
    if not known:
        raise Conflict(_("If-Match 中的版本不是这张报表的：请重新读取后再保存。"), version=report.version)
    return max(known)


# -- what is answered ----------------------------------------------------------------------------


def answer_return(request: Request, report: Return) -> Response:
    sheet = get_sheet(report, request.user)
    return Response(ReturnOutput(sheet, context={"request": request}).data, headers={"ETag": f'"{report.version}"'})


def answer_line(request: Request, report: Return, line: int) -> Response:
    data = SavedLine(get_row(report, line), context={"request": request, "report": report}).data
    return Response(data, headers={"ETag": f'"{report.version}"'})
