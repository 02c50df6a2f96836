"""One error shape for every refusal of the API: ``{"error": {"code": …, "message": …}}``, with detail beside them."""

import logging
import math
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.views import set_rollback

from indicators.errors import RecordError

log = logging.getLogger(__name__)


class BadQuery(RecordError):
    """A parameter of the address that means nothing: said, not ignored, or a typo would read as "no data"."""

    status = 400
    code = "bad_parameter"


class VersionRequired(RecordError):
    status = 428
    code = "version_required"

    def __init__(self) -> None:
        super().__init__(_("请在 If-Match 中给出读到的版本（ETag），以免覆盖他人的修改。"))


def exception_handler(error: Exception, context: Mapping[str, Any]) -> JsonResponse | None:
    """Always JSON, whatever was asked for: an error inside a CSV would pass for data. None: a fault of ours, a 500."""
    answer = _answer(error, is_read=context["request"].method in ("GET", "HEAD"))
    if answer is not None:
        set_rollback()
    return answer


def _answer(error: Exception, *, is_read: bool) -> JsonResponse | None:
    match error:
        case RecordError():
            return make_error(error.status, error.code, error.message, **error.detail)
        case Http404() | exceptions.NotFound():
            return make_error(404, "not_found", _own_words(error) or _("没有这一项，或者您无权查看。"))
        case RequestDataTooBig():
            return make_error(413, "too_large", _("内容太大。"))
        case DjangoPermissionDenied():
            return make_error(403, "not_allowed", _("您没有进行此操作的权限。"))
        case exceptions.ValidationError():
            return _answer_invalid(error, status=400 if is_read else 422)
        case exceptions.APIException():
            return _answer_api(error)
        case OperationalError() | InterfaceError():
            return make_unavailable()
        case IntegrityError():
            # The database is the second line: an action that lets this through owes a sentence of its own.
            log.warning("refused by a constraint", exc_info=error)
            return make_error(409, "refused", _("与记录中的约束冲突，没有保存。"))
    return None


def make_error(status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None, **detail: Any) -> JsonResponse:
    body = {"error": {"code": code, "message": message, **detail}}
    return JsonResponse(body, status=status, headers=headers, json_dumps_params={"ensure_ascii": False})


def make_unavailable() -> JsonResponse:
    return make_error(503, "unavailable", _("数据库暂时无法访问，请稍后重试。"), headers={"Retry-After": "30"})


def _own_words(error: Exception) -> str:
    return str(error.args[0]) if isinstance(error, Http404) and error.args and isinstance(error.args[0], str) else ""


def _answer_invalid(error: exceptions.ValidationError, *, status: int) -> JsonResponse:
    detail = error.detail if isinstance(error.detail, Mapping) else {"": error.detail}
    fields = {name: [str(m) for m in (messages if isinstance(messages, list) else [messages])] for name, messages in detail.items()}
    message = "；".join(f"{name}：{' '.join(messages)}" if name else " ".join(messages) for name, messages in fields.items())
    return make_error(status, "bad_parameter" if status == 400 else "invalid", message, fields=fields)


def _answer_api(error: exceptions.APIException) -> JsonResponse:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    code, message = _word(error)
    return make_error(error.status_code, code, message, headers=headers)


def _word(error: exceptions.APIException) -> tuple[str, str]:
    match error:
        case exceptions.NotAuthenticated():
            return "not_signed_in", _("请先登录，或在 Authorization 中给出密钥：Api-Key kjt_…")
        case exceptions.AuthenticationFailed():
            return "bad_key", str(error.detail)
        case exceptions.PermissionDenied():
            return "not_allowed", str(error.detail)
        case exceptions.MethodNotAllowed():
            return "method_not_allowed", _("这个地址不接受这种请求方法。")
        case exceptions.UnsupportedMediaType():
            return "unsupported_media_type", _("请以 JSON 发送：Content-Type: application/json。")
        case exceptions.NotAcceptable():
            return "not_acceptable", _("这个地址不提供所要的格式。")
        case exceptions.Throttled():
            return "throttled", _("请求太频繁，请稍后再试。")
        case exceptions.ParseError():
            return "malformed", str(error.detail)
    return "error", str(error.detail)
