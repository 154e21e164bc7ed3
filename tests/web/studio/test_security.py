"""Who may send requests, what can be read, and what a stranger's run folder can do."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from visiting import Visitor

ROUTES = [
    "/",
    "/lab",
    "/assets/dom.js",
    "/api/runs",
    "/api/runs/waves",
    "/api/runs/waves/snapshots/0.png",
    "/api/lessons",
]
POSTS = ["/api/runs/waves/control", "/api/command", "/api/lab", "/api/lesson"]


@pytest.mark.parametrize("path", ROUTES)
def test_a_rebinding_request_is_refused(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).status_code == 200
    for headers in (
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:8050"},
        {"origin": "http://evil.example"},
    ):
        assert visitor.get(path, headers=headers).status_code == 403


@pytest.mark.parametrize("path", POSTS)
def test_changes_need_the_token_of_a_page(visitor: Visitor, path: str) -> None:
    for token in ("", "x" * 22, visitor.token[:-1]):
        assert visitor.post(path, {}, token).status_code == 403
    assert visitor.post(path, {}, headers={"origin": "http://evil.example"}).status_code == 403
    answer = visitor.get(path)
    assert answer.status_code == 405 or "token" not in answer.text


@pytest.mark.parametrize(
    "name",
    [
        *("..", "%2e%2e", "%2e%2e%2fsecret", "..%2fsecret", "%2fetc", "/etc", ".hidden", "waves%2f..%2f..%2fsecret"),
        *("a%00b", "%252e%252e", "..%5csecret", "linked", "secret", "~", "waves%2fsamples"),
    ],
)
def test_no_name_leads_out_of_the_folder(visitor: Visitor, runs: Path, name: str) -> None:
    secret = runs.parent / "secret"
    for folder in (secret, runs / ".hidden"):
        folder.mkdir()
        for file in ("run.json", "metrics.jsonl", "config.yaml", "report.html"):
            (folder / file).write_text('{"step": 1, "loss/secret": 41}\n')
    (runs / "linked").symlink_to(secret)
    for part in ("", "/scores", "/snapshots", "/files/report.html", "/walk", "/snapshots/1.png"):
        answer = visitor.get(f"/api/runs/{name}{part}")
        assert answer.status_code in (403, 404), answer.text
        assert "loss/secret" not in answer.text
    assert "linked" not in visitor.get("/api/runs").text


@pytest.mark.parametrize(
    "file", ["metrics.jsonl", "run.json", "events.jsonl", "config.yaml", "samples", "eval", "checkpoints"]
)
def test_a_link_out_of_the_folder_counts_as_missing(visitor: Visitor, runs: Path, file: str) -> None:
    place, secret = runs / "waves" / file, runs.parent / "secret"
    place.rename(secret) if place.exists() else secret.write_text("secret")
    place.symlink_to(secret)
    answer = visitor.get("/api/runs/waves")
    assert (answer.status_code, "leads out" in answer.text) == (404, True)
    summary = next(each for each in visitor.get("/api/runs").json()["runs"] if each["name"] == "waves")
    assert "leads out" in summary["problem"]


@pytest.mark.parametrize(
    "link", ["samples/000005.png", "reals.png", "report.html", "eval/step-00000010-x-nearest.html"]
)
def test_so_does_a_link_among_the_files_of_a_run(visitor: Visitor, runs: Path, link: str) -> None:
    (runs.parent / "secret.html").write_text("secret")
    place = runs / "waves" / link
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(runs.parent / "secret.html")
    address = {
        "samples/000005.png": "snapshots/5.png",
        "eval/step-00000010-x-nearest.html": "neighbours/step-00000010-x",
    }
    answer = visitor.get(f"/api/runs/waves/{address.get(link, 'files/' + link)}")
    assert (answer.status_code, "secret" in answer.text.replace("secret.html", "")) == (404, False)


@pytest.mark.parametrize("file", ["config.yaml", "..%2frun.json", "checkpoints", "log.txt", "%2fetc%2fpasswd"])
def test_only_named_files_are_sent(visitor: Visitor, file: str) -> None:
    assert visitor.get(f"/api/runs/waves/files/{file}").status_code == 404
    assert visitor.get(f"/assets/{file}").status_code == 404


def test_pages_run_no_script_but_their_own(visitor: Visitor) -> None:
    page = visitor.get("/run/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "alert" not in page.text
    assert "<script>" not in page.text
    assert page.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("file", ["report.html", "neighbours"])
def test_a_page_from_a_run_folder_is_sandboxed(visitor: Visitor, runs: Path, file: str) -> None:
    """It may contain any script, but in an origin of its own, which cannot send requests to the studio."""
    (runs / "waves" / "eval").mkdir(exist_ok=True)
    (runs / "waves" / "eval" / "x-nearest.html").write_text("<script>alert(1)</script>")
    answer = visitor.get("/api/runs/waves/neighbours/x" if file == "neighbours" else f"/api/runs/waves/files/{file}")
    directives = answer.headers["content-security-policy"].split("; ")
    assert any(each.startswith("sandbox") and "same-origin" not in each for each in directives)
    assert "default-src 'none'" in directives
    assert not any(each.startswith("connect-src") for each in directives)
    opaque = {"origin": "null"}
    assert visitor.get("/api/runs", headers=opaque).status_code == 403


def test_a_strange_name_is_data(visitor: Visitor, runs: Path) -> None:
    name = "<img src=x onerror=alert(1)>"
    (runs / "waves").rename(runs / name)
    assert [each["name"] for each in visitor.get("/api/runs").json()["runs"]] == [name]
    answer = visitor.get("/api/runs/%3Cimg%20src=x%20onerror=alert(1)%3E")
    assert answer.json()["name"] == name
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"delete": True},
        {"pause": "yes"},
        {"learning_rates": {"generator": 0}},
        {"learning_rates": {"generator": "1"}},
        {"learning_rates": {"generator": 1e9}},
        [],
        "pause",
        {"stop": 1},
    ],
)
def test_only_known_requests_reach_a_training(visitor: Visitor, runs: Path, wanted: Any) -> None:
    run_json = runs / "waves" / "run.json"
    run_json.write_text(json.dumps({**json.loads(run_json.read_text()), "status": "running", "pid": os.getpid()}))
    assert visitor.post("/api/runs/waves/control", wanted).status_code == 400
    assert not (runs / "waves" / "control.json").exists()


def test_a_finished_run_takes_no_requests(visitor: Visitor, runs: Path) -> None:
    assert visitor.post("/api/runs/waves/control", {"stop": True}).status_code == 409
    assert not (runs / "waves" / "control.json").exists()
