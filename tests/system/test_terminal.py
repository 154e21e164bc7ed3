"""Control characters in names are shown on the terminal, not obeyed."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from ganatomy.system.terminal import Terminal, fitted, printable, printable_name, show

EVIL = "a\x1b[2Jb\rc\x07\x9b2J\x7f\u202egnp\udcff"
SHOWN = r"a\u001b[2Jb\u000dc\u0007\u009b2J\u007f\u202egnp\udcff"


def test_printable() -> None:
    assert printable(EVIL) == SHOWN
    plain = "Grüße, 日本語 → ½ 🐈\n\tline"
    assert printable(plain) == plain
    assert printable_name("a\nb\tc") == r"a\u000ab\u0009c"
    assert json.loads(printable(json.dumps({EVIL: [EVIL]}, ensure_ascii=False))) == {EVIL: [EVIL]}


def test_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    show(EVIL)
    show(EVIL, error=True)
    assert capsys.readouterr() == (SHOWN + "\n", SHOWN + "\n")


def test_the_console() -> None:
    page = io.StringIO()
    console = Terminal(file=page, width=200, force_terminal=True, color_system="truecolor")
    evil = EVIL.replace("\r", "").replace("\x07", "")  # rich drops these two itself
    console.print(evil, style="yellow", highlight=False)
    console.print(Panel(Group(evil, "[/name] [red]")))
    with console.status(evil):
        pass
    text = page.getvalue()
    assert text.count(printable(evil)) >= 3
    assert "[/name] [red]" in text  # names are no markup
    assert "\x1b[33m" in text  # colours remain
    assert "\x1b[2J" not in text
    assert not set("\x07\x9b\x7f\u202e\udcff") & set(text)


def test_names_of_files(tmp_path: Path) -> None:
    """The command says what is in a folder and in an archive of such names, and what is wrong with them."""
    folder = tmp_path / "set"
    names = ["x\x1b[2J.png", "line\nganatomy: all is well.png", "\udcff.png"]
    for kind in ("a\x1b[2J", "["):
        (folder / kind).mkdir(parents=True)
        for i, name in enumerate(names):
            Image.fromarray(np.full((20, 20), 50 * i + len(kind), np.uint8)).save(folder / kind / name)
    (folder / "[" / "broken]\x1b[2J\n.png").write_bytes(b"none")
    (folder / "[" / "x.s\x1b[2J").write_bytes(b"none")

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "ganatomy", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    texts = [
        run("data", "inspect", "set"),
        run("data", "inspect", "set", "--json"),
        run("data", "prepare", "set"),
        run("data", "prepare", "gone\x1b[2J"),
    ]
    assert r"[/broken]\u001b[2J\u000a.png" in texts[0]
    assert set(json.loads(texts[1])["classes"]) == {"a\x1b[2J", "["}
    assert r"[/broken]\u001b[2J\u000a.png" in texts[2]
    assert "6 images" in texts[2]
    for text in texts:
        assert "\x1b" not in text
        assert "\nganatomy: all is well" not in text


def test_no_line_of_text_is_broken() -> None:
    command = "Stopped at step 1,200; everything is saved. To resume: ganatomy train --resume stopme"
    for width in (20, 40, 80):
        out = io.StringIO()
        Terminal(file=out, width=width).print(command)
        assert out.getvalue() == command + "\n"
    Terminal(file=out, width=20).print(Text("other things are laid out as rich lays them out"))
    assert out.getvalue().count("\n") > 2


def test_the_first_parts_stay_where_there_is_no_room() -> None:
    parts = ["step 1,200", "45%", "2 min left", "3,000 images/s", "", "discriminator 1.234"]
    assert fitted(parts, 200) == "step 1,200  45%  2 min left  3,000 images/s  discriminator 1.234"
    assert fitted(parts, 40) == "step 1,200  45%  2 min left"
    assert fitted(parts, 43) == "step 1,200  45%  2 min left  3,000 images/s"
    assert fitted(parts, 4) == "step"
