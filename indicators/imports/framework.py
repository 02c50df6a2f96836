"""A framework as a table of nodes: what its rows must hold, and what is wrong with each, in words."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TextIO

from django.utils.translation import gettext as _

from ..errors import Problem, RecordError
from ..models import IndexFramework, IndexNode, Indicator
from ..numbers import NotANumber, parse_number, say_unfit

COLUMNS = (
    "code", "parent", "name_zh", "name_en", "weight", "direction", "standard", "low", "high",
    "unit_of_measure", "basis", "indicator", "is_approximate", "note",
)  # fmt: skip
REQUIRED = ("code", "parent", "name_zh")
NUMBERS = ("weight", "standard", "low", "high")
TEXTS = ("name_zh", "name_en", "unit_of_measure", "note")
MOST_ROWS = 500
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,59}")


class FrameworkRefused(RecordError):
    """The table is no framework; ``problems`` say which row and why."""

    code = "framework"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(_("框架有 %(n)s 处错误，没有载入。") % {"n": len(problems)}, problems=[vars(p) for p in problems])
        self.problems = problems


@dataclass(frozen=True)
class NodeRow:
    """One row as read: its line in the file, its texts by column, and its numbers."""

    line: int
    cells: Mapping[str, str]
    numbers: Mapping[str, Decimal | None]
    indicator: Indicator | None
    is_leaf: bool

    @property
    def code(self) -> str:
        return self.cells["code"]

    @property
    def parent(self) -> str:
        return self.cells["parent"]

    @property
    def direction(self) -> int:
        return int(self.cells["direction"] or 1)


def read_table(file: TextIO) -> list[dict[str, str]]:
    """The rows of a CSV file with a header. Raises ``FrameworkRefused``, also for what is no table."""
    try:
        reader = csv.DictReader(file)
        rows = [{name: (text or "").strip() for name, text in row.items() if name in COLUMNS} for row in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise FrameworkRefused([Problem("", _("读不出这个文件：须为 UTF-8 编码的 CSV。"))]) from error
    if missing := [name for name in REQUIRED if name not in (reader.fieldnames or ())]:
        raise FrameworkRefused([Problem("", _("缺少这些列：%(names)s。") % {"names": "、".join(missing)})])
    if not 2 <= len(rows) <= MOST_ROWS:
        raise FrameworkRefused(
            [Problem("", _("框架须有 2 至 %(most)s 行，文件中有 %(n)s 行。") % {"most": MOST_ROWS, "n": len(rows)})]
        )
    return rows


def check_names(code: str, name_zh: str) -> None:
    """A framework's own. Raises ``FrameworkRefused`` for a code that cannot stand in an address, and for what is too long."""
    if not _CODE.fullmatch(code):
        raise FrameworkRefused([Problem("", _say_code(code))])
    texts = {"code": code, "name_zh": name_zh}
    if problems := [Problem("", message) for message in _find_too_long(texts, IndexFramework)]:
        raise FrameworkRefused(problems)


def _find_too_long(texts: Mapping[str, str], of: type[IndexFramework | IndexNode]) -> Iterator[str]:
    for name, text in texts.items():
        most = of._meta.get_field(name).max_length or 0  # type: ignore[union-attr]  # a plain field
        if len(text) > most:
            yield _("%(column)s：文字太长，最多 %(n)s 字，现在 %(now)s 字。") % {"column": name, "n": most, "now": len(text)}


def _say_code(code: str) -> str:
    return _("代码“%(code)s”不合要求：以小写英文字母开头，只含小写英文字母、数字、下划线和连字符。") % {"code": code}


def check_shares(**typed: str) -> dict[str, Decimal]:
    """Numbers from 0 to 1, as typed. Raises ``FrameworkRefused``."""
    found, problems = {}, []
    for name, text in typed.items():
        try:
            found[name] = parse_number(text)
        except NotANumber as error:
            problems.append(Problem(name, str(error)))
            continue
        if unfit := say_unfit(found[name], IndexFramework, name):
            problems.append(Problem(name, unfit))
        elif not 0 <= found[name] <= 1:
            problems.append(Problem(name, _("须为 0 至 1 之间的数，不能是 %(text)s。") % {"text": text}))
    if problems:
        raise FrameworkRefused(problems)
    return found


def check_nodes(table: Sequence[Mapping[str, str]]) -> list[NodeRow]:
    """The nodes, each after its parent's row or before it. Raises ``FrameworkRefused`` with every problem there is."""
    codes = {row.get("indicator", "") for row in table} - {""}
    indicators = {i.code: i for i in Indicator.objects.filter(code__in=codes)}
    parents = {row["parent"] for row in table}
    rows, problems = [], []
    for line, cells in enumerate(table, start=2):
        cells = {name: cells.get(name, "") for name in COLUMNS}
        numbers, wrong = _read_numbers(cells)
        row = NodeRow(line, cells, numbers, indicators.get(cells["indicator"]), cells["code"] not in parents)
        rows.append(row)
        problems += [Problem(_name(row), message) for message in [*wrong, *_check_row(row)]]
    problems += list(_check_tree(rows))
    if problems:
        raise FrameworkRefused(problems)
    return rows


def _name(row: NodeRow) -> str:
    return _("第 %(line)s 行（%(code)s）") % {"line": row.line, "code": row.code or "—"}


def _read_numbers(cells: Mapping[str, str]) -> tuple[dict[str, Decimal | None], list[str]]:
    numbers: dict[str, Decimal | None] = {}
    wrong = []
    for name in NUMBERS:
        numbers[name] = None
        if text := cells[name]:
            try:
                numbers[name] = parse_number(text)
            except NotANumber as error:
                wrong.append(f"{name}：{error}")
    return numbers, wrong


def _check_row(row: NodeRow) -> Iterator[str]:
    if not _CODE.fullmatch(row.code):
        yield _say_code(row.code)
    if not row.cells["name_zh"]:
        yield _("没有名称。")
    if row.cells["basis"] not in (*IndexNode.Basis.values, ""):
        yield _("依据“%(basis)s”不认识：可写 %(known)s。") % {
            "basis": row.cells["basis"],
            "known": "、".join(IndexNode.Basis.values),
        }
    if row.cells["direction"] not in ("", "1", "+1", "-1"):
        yield _("方向“%(text)s”不认识：越高越好写 1，越低越好写 -1。") % {"text": row.cells["direction"]}
    yield from _check_room(row)
    yield from _check_size(row.numbers)
    yield from _check_supply(row)


def _check_room(row: NodeRow) -> Iterator[str]:
    """What the record has no room for."""
    yield from _find_too_long({name: row.cells[name] for name in TEXTS}, IndexNode)
    for name, number in row.numbers.items():
        if number is not None and (unfit := say_unfit(number, IndexNode, name)):
            yield f"{name}：{unfit}"


def _check_size(numbers: Mapping[str, Decimal | None]) -> Iterator[str]:
    weight, standard, low, high = (numbers[name] for name in NUMBERS)
    if weight is not None and weight < 0:
        yield _("权重不能小于 0。")
    if standard is not None and standard <= 0:
        yield _("标准值须大于 0。")
    if (low is None) != (high is None) or (low is not None and low == high):
        yield _("上下限阈值要么都不填，要么都填且不相等。")


def _check_supply(row: NodeRow) -> Iterator[str]:
    code, indicator = row.cells["indicator"], row.indicator
    if not code:
        return
    if not row.is_leaf:
        yield _("下面还有指标的一级不能再由指标“%(code)s”供数。") % {"code": code}
    if indicator is None:
        yield _("没有代码为“%(code)s”的指标。") % {"code": code}
    elif indicator.is_demo:
        yield _("“%(indicator)s”是演示指标，不能用于测算。") % {"indicator": indicator.name_zh}
    elif indicator.frequency != Indicator.Frequency.YEAR:
        yield _("“%(indicator)s”不是年度指标，不能用于年度测算。") % {"indicator": indicator.name_zh}
    if row.cells["is_approximate"] and not row.cells["note"]:
        yield _("近似口径须在说明里写明与框架口径有何不同。")
    elif indicator and not row.cells["is_approximate"] and row.cells["unit_of_measure"] not in ("", indicator.unit_of_measure):
        yield _(
            "计量单位是“%(unit)s”，而指标“%(indicator)s”的是“%(other)s”：口径一致才能供数；只是相近的，请标为近似口径并说明。"
        ) % {
            "unit": row.cells["unit_of_measure"],
            "indicator": indicator.name_zh,
            "other": indicator.unit_of_measure,
        }


def _check_tree(rows: Sequence[NodeRow]) -> Iterator[Problem]:
    by_code: dict[str, NodeRow] = {}
    for row in rows:
        if row.code in by_code:
            yield Problem(_name(row), _("代码重复：第 %(line)s 行已用过。") % {"line": by_code[row.code].line})
        by_code.setdefault(row.code, row)
    for row in rows:
        if row.parent and row.parent not in by_code:
            yield Problem(_name(row), _("上级“%(parent)s”不在表中。") % {"parent": row.parent})
    roots = [row for row in by_code.values() if not row.parent]
    if len(roots) != 1:
        names = "、".join(row.code for row in roots)
        yield Problem(
            "",
            _("总指数（没有上级的一行）只能有一个，现有：%(names)s。") % {"names": names}
            if roots
            else _("没有总指数：须有一行不填上级。"),
        )
    if circle := _find_circle(by_code):
        yield Problem(_name(by_code[circle[0]]), _("上级循环：%(path)s。") % {"path": " → ".join(circle)})
    yield from _check_weights(rows)


def _find_circle(by_code: Mapping[str, NodeRow]) -> list[str]:
    for start in by_code:
        path = [start]
        while (parent := by_code[path[-1]].parent) in by_code:
            if parent == start:
                return [*path, start]
            if parent in path:
                break
            path.append(parent)
    return []


def _check_weights(rows: Sequence[NodeRow]) -> Iterator[Problem]:
    for siblings in list_siblings(rows):
        weights = [row.numbers["weight"] for row in siblings]
        known = [weight for weight in weights if weight is not None]
        if known and len(known) < len(weights):
            without = next(row for row in siblings if row.numbers["weight"] is None)
            yield Problem(_name(without), _("同级的其他各项有权重，这一项没有：要么都填，要么都不填。"))
        elif known and not sum(known):
            yield Problem(_name(siblings[0]), _("“%(parent)s”下各项的权重合计为 0。") % {"parent": siblings[0].parent})


def list_siblings(rows: Iterable[NodeRow]) -> list[list[NodeRow]]:
    """The rows of each parent together."""
    found: dict[str, list[NodeRow]] = {}
    for row in rows:
        if row.parent:
            found.setdefault(row.parent, []).append(row)
    return list(found.values())
