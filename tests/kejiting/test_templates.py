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


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_table_that_scrolls_is_a_named_group_and_no_landmark_of_its_own(path: Path) -> None:
    """A page has several, and each stands in a section that is a landmark already."""
    for attributes in re.findall(r'<div class="scroll"(.*?)>', path.read_text()):
        assert 'role="group"' in attributes, attributes
        assert re.search(r"aria-label(?:ledby)?=", attributes), attributes
