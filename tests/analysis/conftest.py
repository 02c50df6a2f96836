"""Where the published reference results are: beside the checkout, or where ``SHARED_CASES`` says. Read in place, never copied."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

CASES = Path(os.environ.get("SHARED_CASES") or Path(__file__).resolve().parents[3] / "shared" / "cases")


@pytest.fixture
def case() -> Callable[[str], Path]:
    """The folder of one published case; skips where it is not there (with ``SHARED_CASES`` set that is a failure)."""

    def find(name: str) -> Path:
        folder = CASES / name
        if not folder.is_dir():
            if os.environ.get("SHARED_CASES"):
                pytest.fail(f"SHARED_CASES is set, but {name} is not there")
            pytest.skip(f"the published case {name} is not beside this checkout")
        return folder

    return find
