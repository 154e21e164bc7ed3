"""Trainings that are started from a page, and a studio that is started beside a training."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
from visiting import serving, token_of

from ganatomy.runs.run import Run
from tiny import TINY


def test_a_training_is_started_from_a_page_and_what_goes_wrong_is_told(images: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    settings = "\n".join(f"{name}={value}" for name, value in TINY.items())
    wanted = {"data": str(images), "recipe": "dcgan", "steps": 4, "settings": settings, "start": True}
    with serving(tmp_path / "runs") as (address, _), httpx.Client(base_url=address) as client:
        token = {"x-studio-token": token_of(client.get("/"))}

        def ended(**changes: str) -> dict[str, object]:
            ticket = client.post("/api/command", json={**wanted, **changes}, headers=token).json()["ticket"]
            until = time.monotonic() + 40
            while (told := client.get(f"/api/started/{ticket}").json())["running"]:
                assert time.monotonic() < until
                time.sleep(0.1)
            return told

        assert not ended(name="good")["failed"]
        assert client.get("/api/runs/good").json()["state"] == "finished"
        wrong = ended(name="bad", data="nowhere")
        assert wrong["failed"]
        assert "nowhere" in str(wrong["said"])
        assert "Traceback" not in str(wrong["said"])


def test_a_folder_of_another_name_starts_none(images: Path, tmp_path: Path) -> None:
    """`ganatomy train` writes to runs/, so what was started would not be seen."""
    with serving(tmp_path) as (address, _), httpx.Client(base_url=address) as client:
        assert not client.get("/api/runs").json()["startable"]
        token = {"x-studio-token": token_of(client.get("/"))}
        answer = client.post("/api/command", json={"data": str(images), "start": True}, headers=token)
        assert (answer.status_code, "not called runs" in answer.json()["error"]) == (400, True)


def test_a_studio_beside_a_training_ends_with_it(images: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ganatomy", "train", str(images), "--steps", "4", "--name", "run", "--studio"]
    command += [f"--set={name}={value}" for name, value in TINY.items()]
    quiet = {**os.environ, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, cwd=tmp_path, env=quiet, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "http://127.0.0.1:" in ended.stderr
    assert Run(tmp_path / "runs" / "run").info()["status"] == "finished"
    address = next(word for word in ended.stderr.split() if word.startswith("http"))
    time.sleep(1)
    try:
        httpx.get(address)
    except httpx.ConnectError:
        return
    raise AssertionError("the studio goes on")
