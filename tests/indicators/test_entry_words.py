"""What was saved of a line, as its provenance says it: no code and no field's name of the program."""

from typing import Any

import pytest

from indicators.templatetags.figures import entry_words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"value": "12", "qualifier": "about", "missing": ""}, "数值 12；限定 约"),
        ({"missing": "not_due", "value": None}, "缺报原因 未到时间"),
        ({"progress": "完成招标", "next_steps": "开工"}, "进展情况 完成招标；下一步打算 开工"),
        ({"evidence_added": "表.pdf sha256:ab"}, "附上佐证材料 表.pdf sha256:ab"),
        ({"value": None}, "清空"),
    ],
)
def test_an_entry_is_said_in_words(content: dict[str, Any], words: str) -> None:
    assert entry_words(content) == words
