"""Which parts and numbers fit together."""

import re

import pytest

from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.networks.families import ProjectedOptions, UNetOptions
from ganatomy.networks.registry import NetworkOptions


@pytest.mark.parametrize(
    ("batch", "group", "processes", "cure"),
    [
        (7, 4, 1, "multiple of 4, or discriminator.group=1, which leaves it out"),
        (6, 4, 1, "multiple of 4, or discriminator.group=3"),
        (8, 4, 4, "multiple of 16, or discriminator.group=2"),
        (4, 8, 2, "multiple of 16, or discriminator.group=2"),
    ],
)
def test_a_training_whose_batches_cannot_be_grouped_is_refused(
    batch: int, group: int, processes: int, cure: str
) -> None:
    config = change(recipe("stylegan2"), {"training.batch": batch, "discriminator.group": group})
    with pytest.raises(UserError, match=re.escape(cure)):
        build.check(config, processes)
    said = int(cure.split("group=")[1].split(",")[0])
    build.check(change(config, {"discriminator.group": said}), processes)


@pytest.mark.parametrize(("batch", "group", "processes"), [(3, 4, 1), (32, 4, 8), (7, 1, 7), (12, 4, 3)])
def test_a_training_whose_batches_can_be_grouped_is_not(batch: int, group: int, processes: int) -> None:
    build.check(change(recipe("stylegan2"), {"training.batch": batch, "discriminator.group": group}), processes)


@pytest.mark.parametrize(("role", "options"), [("generator", ProjectedOptions()), ("discriminator", UNetOptions())])
def test_a_family_without_such_a_network_is_refused(role: str, options: NetworkOptions) -> None:
    with pytest.raises(UserError, match=f"{role}.family={options.family}: that family has no {role}"):
        build.check(recipe("dcgan").model_copy(update={role: options}))
