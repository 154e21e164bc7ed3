"""Trainings that are started from a page, and a studio that is started beside a training."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from servers import Server, until
from visiting import Visitor, token_of

from ganatomy.config.recipes import summaries
from ganatomy.runs.run import Run
from tiny import TINY


def test_the_command_of_a_form(visitor: Visitor) -> None:
    form = {
        "data": "my cats/",
        "recipe": "digits",
        "minutes": "2",
        "settings": "training.batch=8",
        "conditional": True,
    }
    answer = visitor.post("/api/command", form).json()
    assert answer["command"] == (
        "ganatomy train 'my cats/' --recipe digits --minutes 2 --conditional --set training.batch=8 --name digits-001"
    )
    refused = visitor.post("/api/command", {**form, "settings": "trainin.batch=8"})
    assert (refused.status_code, "training.batch" in refused.json()["error"]) == (400, True)
    assert "already" in visitor.post("/api/command", {**form, "name": "waves"}).json()["error"]


def test_the_form_is_made_of_recipes_and_fields(visitor: Visitor) -> None:
    form = visitor.get("/api/recipes").json()
    assert form["recipes"] == summaries()
    assert form["preset"] in form["recipes"]
    filled = {field["name"]: field["value"] for field in form["fields"]}
    assert visitor.post("/api/command", {**filled, "recipe": form["preset"]}).status_code == 200


@pytest.mark.parametrize(
    "field",
    [
        {"data": "-x"},
        {"name": "../out"},
        {"name": "--resume"},
        {"steps": "1; rm"},
        {"steps": "٣"},
        {"minutes": "."},
        {"size": "$(id)"},
        {"data": ""},
        {"recipe": "nothing"},
        {"resume": "waves"},
    ],
)
def test_a_form_can_give_no_other_arguments(visitor: Visitor, field: dict[str, str]) -> None:
    form = {"data": "digits", "recipe": "digits", "settings": "training.batch=8", **field}
    assert visitor.post("/api/command", {**form, "start": True}).status_code == 400
    assert visitor.post("/api/command", {**form, **field, "settings": "--resume=waves"}).status_code == 400


def test_trainings_are_started_from_this_machine_only(runs: Path) -> None:
    remote = Visitor(runs, may_start=False)
    assert not remote.get("/api/recipes").json()["startable"]
    assert remote.post("/api/command", {"data": "digits", "start": True}).status_code == 403
    assert remote.post("/api/command", {"data": "digits"}).json()["command"].startswith("ganatomy train digits")


def test_a_folder_of_another_name_starts_none(images: Path, tmp_path: Path) -> None:
    """`ganatomy train` writes to runs/, so what was started would not be shown."""
    visitor = Visitor(tmp_path)
    assert not visitor.get("/api/recipes").json()["startable"]
    answer = visitor.post("/api/command", {"data": str(images), "start": True})
    assert (answer.status_code, "not called runs" in answer.json()["error"]) == (400, True)


def test_a_studios_process_serves_pages_and_draws(process: Server) -> None:
    assert token_of(process.client.get("/"))
    assert process.client.get("/api/runs/waves").json()["state"] == "finished"
    answer = process.client.get("/api/runs/waves/walk", params={"request": '{"action": "draw", "at": [1, 2]}'})
    assert answer.headers["content-type"] == "image/png"
    for step in ("[]", "{", '{"action": "draw", "step": 3}', '{"action": "draw", "at": "nowhere"}'):
        assert process.client.get("/api/runs/waves/walk", params={"request": step}).status_code == 400


def test_a_training_is_started_from_a_page_and_its_errors_are_shown(process: Server, images: Path) -> None:
    client, token = process.client, {"x-studio-token": token_of(process.client.get("/"))}
    changes = {**TINY, "objective.name": "made_up_objective"}  # which the training's process has to know as well
    settings = "\n".join(f"{name}={value}" for name, value in changes.items())
    form = {"data": str(images), "recipe": "dcgan", "steps": 4, "settings": settings, "start": True}

    def start(**changes: str) -> str:
        return str(client.post("/api/command", json={**form, **changes}, headers=token).json()["ticket"])

    def ended(ticket: str) -> dict[str, Any]:
        until(lambda: not client.get(f"/api/started/{ticket}").json()["running"], seconds=90)
        progress: dict[str, Any] = client.get(f"/api/started/{ticket}").json()
        return progress

    tickets = start(name="good"), start(name="bad", data="nowhere")
    good, bad = (ended(ticket) for ticket in tickets)
    assert not good["failed"], good["output"]
    good_run = client.get("/api/runs/good").json()
    assert good_run["state"] == "finished"
    assert ["Recipe", "dcgan, objective made up objective"] in good_run["facts"]
    assert bad["failed"]
    assert "nowhere" in bad["output"]
    assert "Traceback" not in bad["output"]
    assert client.get("/api/started/0").status_code == 404


def test_a_studio_beside_a_training_ends_with_it(images: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "ganatomy",
        "train",
        str(images),
        "--steps",
        "1000000",
        "--name",
        "run",
        "--studio",
    ]
    command += [f"--set={name}={value}" for name, value in TINY.items()]
    quiet = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=tmp_path, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    words = (word for line in process.stderr for word in line.decode().split())
    address = next(word for word in words if word.startswith("http://127.0.0.1:"))
    until(lambda: (tmp_path / "runs" / "run" / "run.json").exists(), seconds=90)
    process.terminate()  # it finishes its step and saves
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert Run(tmp_path / "runs" / "run").info()["status"] == "stopped"

    def has_ended() -> bool:
        try:
            httpx.get(address, trust_env=False, follow_redirects=True)
        except httpx.ConnectError:
            return True
        except httpx.TransportError:  # it is just closing its connections
            return False
        return False

    until(has_ended)
