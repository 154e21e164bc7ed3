"""Another account of the same machine, which can connect to the studio and has no token."""

import sys
from pathlib import Path

import pytest
from servers import Server, bearer
from visiting import studio, token_of

from ganatomy.runs.run import Run
from ganatomy.web.access import with_token


def arguments(server: Server) -> str:
    """What every account of this machine can see of a process."""
    return Path(f"/proc/{server.process.pid}/cmdline").read_text().replace("\0", " ")


@pytest.mark.skipif(sys.platform != "linux", reason="Reads /proc.")
def test_another_account_reads_nothing_of_a_studio_and_starts_nothing(process: Server) -> None:
    """On a loopback address too: every account of the machine can connect to it."""
    assert process.token
    assert process.token not in arguments(process)
    body = {"data": "/home/somebody/private", "start": True}
    with process.stranger() as client:
        for path in ("/", "/new", "/assets/dom.js", "/api/runs", "/api/runs/waves/snapshots/10.png", "/none"):
            answer = client.get(path)
            assert (answer.status_code, "token" in answer.json()["error"]) == (401, True)
        page = process.client.get("/").text
        for token in ("", token_of(process.client.get("/"))):  # even with the page's own, were it known
            answer = client.post("/api/command", json=body, headers={"x-studio-token": token})
            assert answer.status_code == 401
        assert process.token not in page


def test_the_printed_address_opens_the_studio(process: Server) -> None:
    with process.stranger() as client:
        client.follow_redirects = True
        page = client.get(with_token("", process.token))
        assert page.status_code == 200
        assert process.token not in str(page.url)
        (cookie,) = client.cookies.jar
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") == "Lax"
        assert client.get("/api/runs").status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="Reads /proc.")
def test_a_token_file_keeps_the_token_out_of_the_output(trained: Run, tmp_path: Path) -> None:
    path = tmp_path / "token"
    with studio(trained.path.parent, "--token-file", str(path)) as server:
        token = path.read_text().strip()
        assert server.token == ""  # of the printed address
        assert token not in arguments(server)
        assert server.client.get("/").status_code == 401
        assert server.client.get("/", headers=bearer(token)).status_code == 200


def test_without_a_token_pages_start_no_trainings(trained: Run) -> None:
    with studio(trained.path.parent, "--no-token") as server:
        page = server.client.get("/")
        assert page.status_code == 200
        assert not server.client.get("/api/recipes").json()["startable"]
        answer = server.client.post(
            "/api/command", json={"data": "x", "start": True}, headers={"x-studio-token": token_of(page)}
        )
        assert answer.status_code == 403
