"""How the trail says what was done, to what, and what changed."""

import json
from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

register = template.Library()

SUBJECTS = {
    "return": _("报表"),
    "correction": _("更正"),
    "round": _("批次"),
    "task": _("任务"),
    "milestone": _("节点"),
    "indicator": _("指标"),
    "target": _("目标"),
    "rule": _("校验规则"),
    "document": _("文件"),
    "assignment": _("分工"),
    "threshold": _("亮灯阈值"),
    "unit": _("单位"),
    "user": _("账号"),
    "role": _("角色"),
    "roleassignment": _("授权"),
    "api_key": _("接口密钥"),
    "demo": _("演示数据"),
    "line": _("填报项"),
    "importbatch": _("导入"),
    "lightthreshold": _("亮灯阈值"),
    "apikey": _("接口密钥"),
}
ACTIONS = {
    "submitted": _("提交"),
    "approved": _("审核通过"),
    "accepted": _("接收"),
    "returned": _("退回"),
    "request": _("申请"),
    "accept": _("接收"),
    "return": _("退回"),
    "open": _("开放"),
    "lock": _("锁定"),
    "unlock": _("解锁"),
    "move_due_date": _("改截止日期"),
    "add": _("添加"),
    "edit": _("修改"),
    "change": _("修改"),
    "delete": _("删除"),
    "end": _("终止"),
    "set": _("设定"),
    "supersede": _("替代"),
    "withdraw": _("撤回"),
    "import": _("导入"),
    "override_light": _("人工定灯"),
    "become_official": _("转为正式"),
    "create": _("新建"),
    "revoke": _("撤销"),
    "remove": _("清除"),
}


@register.filter
def verb_words(verb: str) -> str:
    """``return.submitted`` as 报表 · 提交; what has no word says itself."""
    subject, _dot, action = verb.partition(".")
    return f"{SUBJECTS.get(subject, subject)} · {ACTIONS.get(action, action)}" if action else verb


@register.filter
def kind_words(kind: str) -> str:
    """The kind of a thing in a word."""
    return str(SUBJECTS.get(kind, kind))


@register.filter
def detail_rows(detail: dict[str, Any]) -> list[tuple[str, str]]:
    """What was noted of an event, a row for each: a change as before → after, the rest as it is."""
    rows = [(name, _say(value)) for name, value in detail.items() if name != "changes"]
    changes = detail.get("changes")
    if not isinstance(changes, dict):
        return rows + ([("changes", _say(changes))] if changes else [])
    return rows + [
        (name, " → ".join(_say(v) for v in pair) if isinstance(pair, list) else _say(pair)) for name, pair in changes.items()
    ]


def _say(value: Any) -> str:
    if value in (None, ""):
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
