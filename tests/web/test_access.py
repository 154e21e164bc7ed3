"""Tokens: where they come from, and who can see them."""

import os
import stat
from pathlib import Path

import pytest
from servers import until

from ganatomy.errors import UserError
from ganatomy.web.access import browsing, token_for, token_in, with_token

TOKEN = "a-token-that-is-hard-to-guess"


def test_a_token_is_given_or_made() -> None:
    assert token_for(TOKEN) == TOKEN
    made = token_for()
    assert made is not None
    assert len(made) >= 22  # 128 bits in base64
    assert made != token_for()
    assert token_for(no_token=True) is None
    with pytest.raises(UserError, match="16 to 128"):
        token_for("short")
    with pytest.raises(UserError, match="Give one of these"):
        token_for(TOKEN, no_token=True)


def test_a_token_file_is_made_for_its_owner_alone_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "token"
    before = os.umask(0)
    try:
        token = token_in(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() == token == token_in(path) == token_for(file=path)


def test_a_token_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    for mode in (0o640, 0o604, 0o622):
        path.chmod(mode)
        with pytest.raises(UserError, match="other accounts"):
            token_in(path)
    path.chmod(0o600)
    assert token_in(path) == TOKEN


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 2000, b"two words that are long enough", b"\xff" * 30])
def test_a_token_file_without_a_token_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UserError, match="16 to 128"):
        token_in(path)


def test_what_is_no_file_holds_no_token(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("pipe", "loop", "none/token", "."):
        with pytest.raises(UserError, match="--token-file"):
            token_in(tmp_path / name)


def test_a_browser_is_opened_without_the_token_among_its_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener, seen = tmp_path / "opener", tmp_path / "seen"
    opener.write_text(f'#!/bin/sh\nprintf "%s" "$*" > {seen}.partial && mv {seen}.partial {seen}\n')
    opener.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{opener} %s")
    folder = tmp_path / "runs"
    folder.mkdir()
    with browsing(with_token("http://127.0.0.1:8050", TOKEN), folder):
        until(seen.exists)
        shown = seen.read_text()
        assert TOKEN not in shown
        (page,) = folder.iterdir()
        assert shown == page.as_uri()
        assert stat.S_IMODE(page.stat().st_mode) == 0o600
        assert f'url=http://127.0.0.1:8050/?token={TOKEN}"' in page.read_text()
    assert not list(folder.iterdir())
