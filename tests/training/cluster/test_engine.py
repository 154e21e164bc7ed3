"""--on and --resources: what is refused, in one sentence, before anything starts."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from rich.console import Console

from command import refused
from ganatomy.errors import UserError
from ganatomy.training.cluster.api import Workers
from ganatomy.training.cluster.engine import Engine, Resources
from ganatomy.training.cluster.processes import Ending, GroupAddress, Mailbox


def test_resources_of_each_process() -> None:
    assert Resources.parse("gpu=1,cpu=2") == Resources(cpus=2.0, gpus=1.0)
    assert Resources.parse("cpu=0.5") == Resources(cpus=0.5, gpus=None)
    assert Resources.parse("gpu=0") == Resources(cpus=1.0, gpus=0.0)


@pytest.mark.parametrize("text", ["", "gpu", "gpus=1", "cpu=-1", "cpu=nan", "gpu=1.5", "cpu=1,cpu=2", "cpu=1;gpu=1"])
def test_resources_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UserError, match=f"^--resources {re.escape(text)}: expected .* such as gpu=1,cpu=2\\.$"):
        Resources.parse(text)


@pytest.mark.parametrize(("on", "own"), [("ray", True), ("local", True), ("auto", False), ("10.0.0.1:6379", False)])
def test_a_ray_of_our_own_is_started_for_two_words_only(on: str, own: bool) -> None:
    assert Engine(on).starts_its_own is own


def test_a_gpu_each_where_there_are_enough_unless_it_is_said() -> None:
    assert Resources().each({"CPU": 8.0, "GPU": 2.0}, 2) == {"CPU": 1.0, "GPU": 1.0}
    assert Resources().each({"CPU": 8.0, "GPU": 1.0}, 2) == {"CPU": 1.0}
    assert Resources(2.0, 0.0).each({"CPU": 8.0, "GPU": 4.0}, 2) == {"CPU": 2.0}
    assert Resources(1.0, 0.5).each({"CPU": 8.0}, 2) == {"CPU": 1.0, "GPU": 0.5}


def test_without_the_extra_one_sentence_says_so(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ray", None)
    sentence = "`ganatomy train --workers` needs ray: pip install 'ganatomy[ray]'."
    assert refused("train", images, "--steps", 1, "--workers", 2) == f"ganatomy: {sentence}"
    with pytest.raises(UserError, match=re.escape(sentence)):
        Workers(2, Engine()).train(str(images), settings={"training.steps": 1}, console=Console(quiet=True))
    assert not Path("runs").exists()
    for verb, given in {
        "claims": ["--run", "circling", "--quick", "--out", "out"],
        "sweep": [images, "--optimise", "seconds", "--set=training.steps=1"],
        "reproduce": ["modes", "--runs", "r", "--out", "out"],
    }.items():
        sentence = f"`ganatomy {verb} --on` needs ray: pip install 'ganatomy[ray]'."
        assert refused(verb, *given, "--on", "ray") == f"ganatomy: {sentence}"
    assert not Path("sweeps").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workers", 2, "--dry-run", "--on", "ray"], "leave out --workers and --on"),
        (["--on", "ray", "--resources", "tpu=1"], "--resources tpu=1"),
        (["--workers", 2, "--recipe", "dcgann"], "dcgann"),
        (["--workers", 2, "--remedies", 1], "in one process only"),
        (["--workers", 0], "workers"),
        (["--workers", 2, "--restarts", -1], "restarts"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_ray_is_needed(
    images: Path, arguments: list[object], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ray", None)
    assert words in refused("train", images, "--steps", 1, *arguments)


def test_a_mailbox_passes_on_texts_signals_and_places_once() -> None:
    box, first, second = Mailbox(), GroupAddress("a", "10.0.0.1", 1), GroupAddress("b", "10.0.0.2", 2)
    assert not box.signal("1", 15)
    assert not box.signal("1", 9)
    assert box.exchange("0", "one\n") == []
    assert not box.signal("1", 9)
    assert box.signal("0", 2)
    assert box.exchange("1", "two\n") == [15, 9, 9]
    assert box.exchange("1") == []
    assert (box.printed(), box.printed()) == ("one\ntwo\n", "")
    assert box.meet("0", first) == {"0": first}
    assert box.meet("1", second) == {"0": first, "1": second}


def test_an_ending_in_words() -> None:
    assert Ending(1, "a warning\n\nganatomy: There are no images.\n").sentence == "There are no images."
    assert Ending(3).sentence == "it ended with status 3"
    assert Ending(-9).killed
    assert not Ending(1).killed


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed.")
def test_a_process_may_start_one_ray_after_the_other() -> None:
    """Ray reads its token once a process."""
    lines = (
        "from rich.console import Console",
        "from ganatomy.training.cluster.engine import Engine, Resources",
        "for turn in range(2):",
        "    with Engine(resources=Resources(1.0, 0.0)).joined('the test', 1, Console(quiet=True)) as reserved:",
        "        print(reserved['CPU'])",
    )
    code = "\n".join(lines)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert result.stdout.split() == ["1.0", "1.0"], result.stderr
