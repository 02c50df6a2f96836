"""What holds for every template."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
FORM = re.compile(r"<form\b(?P<attributes>[^>]*(?:%\}[^>]*)*)>(?P<body>.*?)</form>", re.DOTALL)


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_form_leaves_what_is_wrong_to_the_server_to_say(path: Path) -> None:
    """A browser says it in its own language, one field at a time, in a bubble that goes away."""
    for form in FORM.finditer(path.read_text()):
        asks = re.search(r"\brequired\b(?!\s*%)|_fields\.html|type=\"(?:number|email|url|date)", form["body"])
        assert not asks or "novalidate" in form["attributes"], form["attributes"]
