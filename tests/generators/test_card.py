"""The model card: its header as Hugging Face reads it, and what it says of the training."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest

import ganatomy
from exported import run_code
from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import METRICS
from ganatomy.evaluation.sounds import SOUND_METRICS
from ganatomy.generators import card
from ganatomy.generators.metadata import Metadata, Scores, TrainingData
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score
from probe_records import records


def of(**changes: Any) -> Metadata:
    facts = {
        "name": "cats",
        "recipe": "dcgan",
        "step": 800,
        "average": True,
        "truncation": "latent",
        "prior": {"name": "normal", "dimension": 8},
        "classes": [],
        "size": (16, 20),
        "channels": 3,
    }
    return Metadata(**{**facts, **changes})


def header(metadata: Metadata) -> dict[str, Any]:
    return huggingface_hub.ModelCard(card.text(metadata, "")).data.to_dict()


def section(text: str, name: str) -> str:
    return text.partition(f"\n## {name}\n")[2].partition("\n## ")[0].strip("\n")


def test_the_header_is_hugging_faces() -> None:
    plain = {"library_name": "ganatomy", "tags": ["gan"], "pipeline_tag": "unconditional-image-generation"}
    assert header(of()) == plain
    # YAML would read these as false and as a number.
    for licence in ("no", "1.0", "mit"):
        assert header(of().licensed(licence)) == {"license": licence, **plain}
    assert header(of(data=TrainingData(name="hf:jane/cats")))["datasets"] == ["jane/cats"]
    by_class = of(classes=["a", "b"], prior={"name": "normal", "dimension": 8, "conditional": True, "classes": [3, 4]})
    assert "pipeline_tag" not in header(by_class)


def test_the_verdict_is_that_of_the_step(run: Run, tmp_path: Path) -> None:
    trained = Run(shutil.copytree(run.path, tmp_path / "pets"))
    trained.at("metrics.jsonl").unlink()
    for each in records(40, kinds=2.0, distance=0.4):  # mode collapse at step 800, long after the checkpoint
        trained.append(each)
    early = ganatomy.load(trained).metadata
    assert early.diagnosis[0].startswith("Too early to say: no probe yet.")
    manifest = {"step": 800}
    late = Metadata.of_run(trained, trained.config(), manifest, ganatomy.load(run).network, average=True)
    assert late.diagnosis[0].startswith("Mode collapse: 2 of about 10 kinds left, at step 800 (40 probes)")
    verdict, _, findings = section(card.text(late, ""), "Diagnosis").partition("\n\n")
    assert verdict == f"{late.diagnosis[0]} (`ganatomy diagnose`)"
    assert findings.startswith("- mode collapse: 2 of about 10 kinds left. ")
    assert "left no records" in section(card.text(of(), ""), "Diagnosis")


def test_copies_are_told_where_they_were_measured() -> None:
    assert card.COPIES in METRICS["memorisation"].scores
    assert card.COPIES in SOUND_METRICS
    unknown = section(card.text(of(), ""), "Limits")
    assert "was not measured" in unknown
    assert "likely result" not in unknown
    score = Score(0.31, 0.28, 0.35, 1.0, "as real")
    scores = Scores(terms="", protocol={}, scores={"nearest_ratio_random": score})
    known = section(card.text(of(measured=(scores,), data=TrainingData(name="cats", images=40)), ""), "Limits")
    assert "Copies of training images: nearest_ratio_random 0.31 [0.28, 0.35]." in known
    assert "It learnt from only 40 images: copies of them are the likely result." in known
    assert "was not measured" not in known


def test_the_code_beside_weights_runs(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ganatomy.load(run).save_pretrained(tmp_path / "weights")
    use = section((folder / "README.md").read_text(), "Use")
    monkeypatch.chdir(folder)
    names = run_code(use)
    assert np.array_equal(names["pixels"], ganatomy.load(run).sample(range(64), labels="cat"))
    command = use.splitlines()[-1].partition("`")[2].partition("`")[0].split()
    subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)
    assert (folder / "generated" / "seed-000063.png").exists()


def test_a_licence_is_a_short_name() -> None:
    with pytest.raises(UserError, match="short name"):
        of().licensed("mine, all mine")
