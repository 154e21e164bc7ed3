"""Private trainings: what is guaranteed, what is refused, and exact resume with the run's secret."""

import secrets
from math import exp, log, sqrt
from pathlib import Path
from typing import Any

import pytest
import scipy
from rich.console import Console

import ganatomy
from command import refused
from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.training import privacy
from ganatomy.training.api import resume, train
from tiny import TINY, assert_same_tensors

pytest.importorskip("opacus")

QUIET = Console(quiet=True)
PRIVATE: dict[str, Any] = {
    **TINY,
    "training.batch": 16,
    "discriminator.norm": "none",
    "privacy.noise": 1.0,
    "diagnosis.on": False,
}


def config(**changes: Any) -> Any:
    return change(recipe("dcgan"), {"discriminator.norm": "none", **changes})


@pytest.mark.parametrize("noise", [0.8, 1.0, 4.0])
def test_epsilon_of_one_gaussian_is_between_the_exact_and_the_classical(noise: float) -> None:
    """A batch of all images, once: Balle & Wang 2018 (arXiv:1805.06530), theorem 8; Dwork & Roth 2014, theorem A.1."""
    delta = 1e-5
    found = privacy.guarantee(config(**{"training.batch": 64, "privacy.noise": noise, "privacy.delta": delta}), 64, 1)

    def exact_delta(epsilon: float) -> float:
        cdf = scipy.stats.norm.cdf
        return cdf(1 / (2 * noise) - epsilon * noise) - exp(epsilon) * cdf(-1 / (2 * noise) - epsilon * noise)

    exact = scipy.optimize.brentq(lambda epsilon: exact_delta(epsilon) - delta, 0, 100)
    renyi = 1 / (2 * noise**2) + sqrt(2 * log(1 / delta)) / noise  # Mironov 2017 (arXiv:1702.07476), propositions 3, 7
    assert exact <= found.epsilon <= renyi * (1 + 1e-3)
    assert (found.delta, found.updates) == (delta, 1)


def test_epsilon_grows_with_updates_and_shrinks_with_noise_and_images() -> None:
    def epsilon(images: int = 1000, steps: int = 100, attempts: int = 1, **changes: Any) -> float:
        given = config(**{"training.batch": 64, "privacy.noise": 1.0, "privacy.delta": 1e-5, **changes})
        return privacy.guarantee(given, images, steps, attempts).epsilon

    usual = epsilon()
    assert epsilon(steps=200) > usual
    assert epsilon(**{"privacy.noise": 2.0}) < usual
    assert epsilon(images=10_000) < usual
    assert epsilon(attempts=2) == epsilon(steps=200) == epsilon(**{"training.discriminator_steps": 2})


def test_delta_is_a_tenth_of_one_over_the_images() -> None:
    assert privacy.guarantee(config(**{"privacy.noise": 1.0}), 500, 10).delta == pytest.approx(1 / 5000)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training.batch": 8}, "training.batch of at least 16"),
        ({"penalties.r1": 1.0}, "no penalty"),
        ({"augmentation.policies": ["colour"]}, "augmentation.policies="),
        ({"training.simultaneous": True}, "training.simultaneous=false"),
        ({"training.pack": 2}, "training.pack=1"),
        ({"objective.name": "relativistic_pairing"}, "does not compare"),
        ({"discriminator.norm": "batch"}, "scores each image by itself"),
        ({"diagnosis.remedies": 1}, "diagnosis.remedies=0"),
        ({"runtime.precision": "bfloat16"}, "runtime.precision=float32"),
        ({"runtime.convolution": "patches"}, "runtime.convolution=native"),
        ({"prior.conditional": True}, "classes are not private"),
    ],
)
def test_what_would_break_the_promise_is_refused(changes: dict[str, Any], said: str) -> None:
    build.check(config(**{"privacy.noise": 1.0}))
    with pytest.raises(UserError, match=rf"privacy\.noise needs .*{said}"):
        build.check(config(**{"privacy.noise": 1.0, **changes}))
    with pytest.raises(UserError, match="one process"):
        build.check(config(**{"privacy.noise": 1.0}), processes=2)
    with pytest.raises(UserError, match="the columns of a table are described from its rows"):
        build.check(change(recipe("ctgan"), {"privacy.noise": 1.0}))


def test_a_set_smaller_than_a_batch_is_refused(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = {**PRIVATE, "training.batch": 64, "training.steps": 2}
    settings = [f"--set={name}={str(value).lower()}" for name, value in given.items()]
    assert "training.batch of at most the" in refused("train", images, *settings)


def test_a_run_keeps_its_guarantee_and_resumes_exactly(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda count: "0123456789abcdef" * 2)

    def trained(name: str, steps: int) -> Any:
        settings = {**PRIVATE, "training.steps": steps}
        return train(images, recipe="dcgan", settings=settings, name=name, runs=tmp_path, console=QUIET)

    whole, half = trained("whole", 6), trained("half", 3)
    resume(half, settings={"training.steps": 6}, console=QUIET)
    assert_same_tensors(half, whole, 6)
    kept = whole.info()["privacy"]
    expected = privacy.guarantee(whole.config(), whole.info()["data"]["images"], 6)
    assert kept == expected.json()
    ganatomy.export(whole, to="safetensors", out=tmp_path / "exported")
    exported = (tmp_path / "exported" / "README.md").read_text()
    assert f"| differential privacy | ε = {kept['epsilon']:.3g}" in exported
    assert not list((tmp_path / "exported").glob("*.key"))
    assert half.info()["privacy"] == kept


def test_another_secret_makes_another_generator_and_a_lost_one_stops_the_run(images: Path, tmp_path: Path) -> None:
    settings = {**PRIVATE, "training.steps": 3}
    one, other = (
        train(images, recipe="dcgan", settings=settings, name=name, runs=tmp_path, console=QUIET)
        for name in ("one", "other")
    )
    with pytest.raises(AssertionError):
        assert_same_tensors(one, other, 3)
    key = one.path / privacy.SECRET
    assert key.stat().st_mode & 0o077 == 0
    key.unlink()
    with pytest.raises(UserError, match=r"privacy\.key is missing or damaged"):
        resume(one, settings={"training.steps": 4}, console=QUIET)
