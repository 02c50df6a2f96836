"""How the OpenAPI schema is written: every answer that a caller can meet, in the one shape of errors, with its headers."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework import serializers

REFUSALS = {
    400: "参数名或参数值不对，或者不是有效的 JSON",
    401: "没有密钥也没有登录，或者密钥无效",
    403: "没有权限；读取密钥不能写入",
    404: "没有，或者无权查看：两者不加区分",
    406: "不提供所要的格式",
    409: "报表不在可以这样做的状态，或者批次未开放、已锁定",
    412: "这一行在所给版本之后已被修改，或版本不明",
    413: "内容太大",
    415: "不是以 application/json 发送",
    422: "存不下，或者还不能这样做；message 说明应当怎样",
    428: "没有给 If-Match",
    429: "请求太频繁，按 Retry-After 等候",
    500: "系统出错",
    503: "数据库暂时无法访问，按 Retry-After 重试",
}
ALWAYS = {400, 401, 406, 429, 500, 503}
WRITING = {403, 404, 409, 413, 415, 422}
HEADERS = {
    "ETag": {"description": "版本，带引号，如 \"7\"；填写时放进 If-Match", "schema": {"type": "string"}},
    "WWW-Authenticate": {"schema": {"type": "string", "enum": ["Api-Key"]}},
    "Retry-After": {"description": "秒", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
}


class ProblemOutput(serializers.Serializer[Any]):
    where = serializers.CharField(help_text="行的 line")
    message = serializers.CharField()


class ErrorDetail(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="供程序判断")
    message = serializers.CharField(help_text="给人看的一句话")
    fields = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False, help_text="400：各参数有何不对")
    problems = ProblemOutput(many=True, required=False, help_text="422 not_ready：哪些行还不能提交")
    version = serializers.IntegerField(required=False, help_text="412：报表现在的版本")
    state = serializers.CharField(required=False, help_text="409：报表现在的状态")


class ErrorOutput(serializers.Serializer[Any]):
    """Every refusal of the API."""

    error = ErrorDetail()


class ApiSchema(AutoSchema):
    """Adds to each operation what it may be refused with. Views say ``has_version`` where the answer carries an ``ETag``."""

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").partition("/")[0] or "root"]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        done = bodies["200"]
        if "text/csv" in done["content"]:
            done["content"]["text/csv"] = {"schema": {"type": "string", "description": "列名、值与 JSON 相同；首行为列名，不分页"}}
        if getattr(self.view, "has_version", False):
            done["headers"] = {"ETag": HEADERS["ETag"]}
        return {**bodies, **{str(status): self._refuse(status).ref for status in sorted(self._list_refusals())}}

    def _list_refusals(self) -> set[int]:
        refusals = ALWAYS | ({404} if "{" in self.path else set())
        if self.method in ("POST", "PATCH"):
            refusals |= WRITING
        return refusals | ({412, 428} if self.method == "PATCH" else set())

    def _refuse(self, status: int) -> ResolvedComponent:
        """An answer of its own name: said once, not with each of the operations."""
        error = self.resolve_serializer(ErrorOutput, "response")
        answer = {"description": REFUSALS[status], "content": {"application/json": {"schema": error.ref}}}
        if names := {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}.get(status):
            answer["headers"] = {name: HEADERS[name] for name in names}
        component = ResolvedComponent(f"Refusal{status}", ResolvedComponent.RESPONSE, answer, object=ErrorOutput)
        self.registry.register_on_missing(component)
        return component


class LineSchema(OpenApiSerializerExtension):
    """What only a task's line has is not required of the others."""

    target_class = "kejiting.export.api.return_serializers.LineOutput"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "required": [name for name in schema["required"] if name not in ("problems", "next_steps")]}


class FindingSchema(OpenApiSerializerExtension):
    """Only what a validation rule found names one."""

    target_class = "kejiting.export.api.return_serializers.FindingOutput"

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "required": [name for name in schema["required"] if name != "rule"]}


class InputSchema(OpenApiSerializerExtension):
    """A body that says something nobody reads is refused, so the schema says that it is."""

    target_class = "kejiting.export.api.return_serializers.StrictInput"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False}
