"""The tuning of small configurations: every sweep begins inside its space, and the page shows what was found."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.experiments import tuning
from ganatomy.sweeps.checks import point_of
from ganatomy.sweeps.space import parse

EFFORT = {"trials": 10, "minutes": 3.0, "samples": 2000}
SHAPES = {"MNIST": (1, 28, 28), "CIFAR-10": (3, 32, 32)}


@pytest.mark.parametrize("label", tuning.IMAGES)
@pytest.mark.parametrize("name", tuning.SPACES)
def test_a_sweep_starts_inside_its_space_and_all_of_it_can_be_built(label: str, name: str) -> None:
    config, space = change(recipe(name.split()[0]), tuning.start(label, name)), parse(tuning.space(label, name))
    assert space.parameters(point_of(config, space)) is not None
    built = set()
    for point in space.to_check():
        tried = change(config, point)
        networks = repr((tried.generator, tried.discriminator))
        if networks not in built:
            built.add(networks)
            with torch.device("meta"):
                build.generator(tried, SHAPES[label])
                if tried.method == "adversarial":
                    build.discriminator(tried, SHAPES[label])


def test_the_page_has_every_recipe_that_was_tuned_and_names_the_others() -> None:
    figures: dict[str, Any] = {
        "made": "yesterday, a machine, 2 cores",
        "trial": {"label": "fd_lenet", "value": 1.25, "low": 1.0, "high": 1.5},
        "again": 1.5,
        "start": None,
        "settings": {"generator.width": 16, "generator_optimiser.learning_rate.start": 0.00123456},
        "images": 43_210,
        "precision": "bfloat16",
    }
    page = tuning.text({"MNIST": {"effort": EFFORT, "recipes": {"sngan": figures}}})
    row = next(line for line in page.splitlines() if line.startswith("| `sngan`"))
    settings = "`generator.width=16`, `generator_optimiser.learning_rate.start=0.001235`"
    assert row == f"| `sngan` | 1.25 [1, 1.5] | 1.5 | did not finish | 43,210 | {settings} |"
    assert (
        "10 trials of 3 minutes of one core, scored with 2,000 generated images (yesterday, a machine, 2 cores)" in page
    )
    assert "Not tuned yet: dcgan, dcgan with R1, wgan-gp, r3gan, stylegan2, diffusion." in page
    assert "\n    training.discriminator_steps: [1, 2, 5]\n" in page
    assert "CIFAR-10\n" not in page.partition("## What is varied")[0]


def test_sweeps_of_another_size_are_not_mixed(tmp_path: Path) -> None:
    there = {"MNIST": {"effort": EFFORT, "recipes": {"dcgan": {}}}}
    (tmp_path / tuning.FIGURES).write_text(json.dumps(there))
    longer = {**EFFORT, "minutes": 6.0}
    nothing = {"effort": longer, "recipes": {}}
    assert tuning.kept(tmp_path, {"MNIST": EFFORT, "CIFAR-10": longer}) == {**there, "CIFAR-10": nothing}
    with pytest.raises(UserError, match=r"sweeps of another size on MNIST, .*: give another --out"):
        tuning.kept(tmp_path, {"MNIST": longer})


def test_unknown_recipes_and_missing_data_are_refused() -> None:
    with pytest.raises(SystemExit, match="no recipe called 'dgcan'"):
        tuning.main(mnist="digits", recipes="sngan,dgcan")
    with pytest.raises(SystemExit, match=r"^ganatomy: Give --mnist, --cifar10 or both\.$"):
        tuning.main(recipes="sngan")
