"""ganatomy evaluate and ganatomy compare."""

import json
import re
import shutil
from pathlib import Path

import numpy as np

from command import ganatomy, refused
from ganatomy.runs.run import Run
from tiny import waves


def test_evaluate_and_compare(run: Run) -> None:
    shutil.copytree(run.path, "runs/other")
    printed = ganatomy("evaluate", "mine", "--n", 80, "--metrics", "fd, kd")
    assert re.search(
        r"^mine, step 7: 80 generated images against 37 of .*waves.npy; features: random\n"
        r"  fd_random  [\d.]+ \[[\d.]+, [\d.]+\] \(real data against itself: [\d.]+\)\n +bias: [\d.e-]+\n  kd_random  ",
        printed,
        re.MULTILINE,
    )
    ganatomy("evaluate", "other", "--n", 80, "--metrics", "fd,kd", "--out", "card.json", "--raw", "--step", 5)
    assert json.loads(Path("card.json").read_text())["subject"]["average"] is False
    assert "real data" in ganatomy("compare", "mine", "other")
    assert ganatomy("compare", "mine", "card.json", "--latex").startswith(r"\begin{tabular}")
    assert len(json.loads(ganatomy("compare", "mine", "other", "mine", "--json"))["compared"]) == 3


def test_evaluate_images_of_files(here: Path) -> None:
    np.save("real.npy", waves(90, 16, 16))
    np.save("made.npy", waves(180, 32, 32)[90:])
    printed = ganatomy("evaluate", "made.npy", "--reference", "real.npy", "--size", 24, "--channels", 1)
    assert "made.npy: 90 generated images against 90 of real.npy" in printed
    assert sorted(path.name for path in here.iterdir()) == ["made.npy", "real.npy"]


def test_what_cannot_be_evaluated_or_compared(images: Path, here: Path, run: Run) -> None:
    np.save("wide.npy", waves(37, 32, 32))
    before = sorted(path for path in here.rglob("*") if path.is_file())
    assert "no run or folder of images called 'mien'; did you mean mine?" in refused("evaluate", "mien")
    assert "--reference DATA" in refused("evaluate", images)
    assert "no metric called 'fdd'; did you mean fd" in refused("evaluate", "mine", "--metrics", "fdd")
    assert "did you mean lenet" in refused("evaluate", "mine", "--features", "lennet")
    assert "--held-out" in refused("evaluate", "mine", "--metrics", "parzen")
    assert "32×32×3 (height × width × channels)" in refused("evaluate", images, "--reference", "wide.npy")
    assert "no checkpoint of step 99" in refused("evaluate", "mine", "--step", 99)
    assert "a run's are prepared as for its training" in refused("evaluate", "mine", "--size", 32)
    assert "data.size" in refused("evaluate", images, "--reference", images, "--size", 5)
    assert "needs its weights" in refused("evaluate", "mine", "--features", "inception", "--n", 50)
    assert "contact sheets of a training" in refused("evaluate", "runs/mine/samples", "--reference", images)
    assert "nowhere is no folder" in refused("evaluate", "mine", "--out", "nowhere/card.json")
    assert "has no scores yet: ganatomy evaluate mine" in refused("compare", "mine", "mine")
    assert "at least two runs" in refused("compare", "mine")
    assert "not both" in refused("compare", "mine", "mine", "--latex", "--json")
    assert sorted(path for path in here.rglob("*") if path.is_file()) == before
