"""docker-compose.yml and the Dockerfile: what can be said of them without building the image."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
OURS = {"prepare", "web", "worker", "index", "beat"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def get_client() -> list[str] | None:
    """The command that reads compose files here: the plugin of the docker client, or the older program of its own."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0:
            return command
    return None


def test_the_client_accepts_the_file_as_it_lies_there() -> None:
    client = get_client()
    if client is None:
        pytest.skip("no docker compose client here")
    # Without .env and without variables: a missing secret is the application's to refuse, with a sentence.
    answer = subprocess.run([*client, "config"], cwd=ROOT, env={"PATH": os.environ["PATH"], "HOME": "/tmp"}, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert set(yaml.safe_load(answer.stdout)["services"]) == OURS | {"postgres", "redis"}


def test_one_image_serves_every_process_of_ours(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {name for name, service in services.items() if service.get("image") == "kejiting"} == OURS
    # Whoever scales does it with workers: the scheduler is one.
    assert "beat" in services["beat"]["command"]
    assert "worker" in services["worker"]["command"]


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    environment = compose["x-app"]["environment"]
    assert environment["SECRET_KEY"] == "${SECRET_KEY:-}"
    assert compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD:-}"


def test_the_image_runs_as_nobody_special() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["kejiting"]
