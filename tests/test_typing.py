"""The package is typed for those who use it: mypy on a user's script reveals what functions take and return."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tools.docs import ROOT

import ganatomy

# Each line ends in the type that mypy reveals, or in the code of the error that it finds.
SCRIPT = """
import numpy as np
from torch import Tensor, nn
import ganatomy

run = ganatomy.train("cats/", recipe="dcgan", settings={"training.steps": 5})
pixels = np.zeros((4, 16, 16, 3), np.uint8)
reveal_type(run)  # ganatomy.runs.run.Run
reveal_type(ganatomy.train(pixels, generator=nn.Identity(), callbacks=[ganatomy.Callback()]))  # ganatomy.runs.run.Run
reveal_type(ganatomy.resume(run))  # ganatomy.runs.run.Run
reveal_type(ganatomy.load(run))  # ganatomy.generators.sampler.Sampler | Any
reveal_type(ganatomy.load("last").sample(range(3)).ndim)  # int | Any
reveal_type(ganatomy.RowSampler.from_pretrained("mine"))  # ganatomy.generators.rows.RowSampler
reveal_type(ganatomy.sample(run))  # pathlib.Path
reveal_type(ganatomy.walk(run))  # pathlib.Path
reveal_type(ganatomy.evaluate(run, n=100))  # ganatomy.runs.scorecard.ScoreCard
reveal_type(ganatomy.evaluate(run).scores["fd"].low)  # float | None
reveal_type(ganatomy.compare([run, "other"]))  # ganatomy.evaluation.comparison.Comparison
reveal_type(ganatomy.lab("ring"))  # ganatomy.runs.run.Run
reveal_type(ganatomy.recipe("dcgan").training.batch)  # int
reveal_type(ganatomy.prepare(pixels))  # ganatomy.data.store.Images
reveal_type(ganatomy.inspect("cats/").to_dict())  # dict[str, Any]
reveal_type(ganatomy.doctor())  # str

@ganatomy.register_objective("mine", probabilistic=True)
def mine(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return real.mean(), fake.mean()

reveal_type(mine(Tensor(), Tensor()))  # tuple[torch._tensor.Tensor, torch._tensor.Tensor]

@ganatomy.register_objective("wrong")  # type-var
def wrong(real: Tensor, fake: Tensor) -> Tensor:
    return real.mean()

ganatomy.train("cats/", recipe=3)  # arg-type
ganatomy.load()  # call-arg
ganatomy.nothing  # attr-defined
"""


def test_types_of_a_users_script(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    # With the repository's configuration and folder, so that `make lint` has left a cache.
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(script)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = {}
    for line in result.stdout.splitlines():
        if match := re.search(r'script\.py:(\d+): (?:note: Revealed type is "(.*)"|error: .*\[([\w-]+)\])$', line):
            found[int(match[1])] = match[2] or match[3]
    lines = enumerate(SCRIPT.splitlines(), 1)
    assert found == {number: line.partition("  # ")[2] for number, line in lines if "  # " in line}, result.stdout


def test_the_package_says_that_it_is_typed() -> None:
    assert Path(ganatomy.__file__).with_name("py.typed").is_file()


@pytest.mark.parametrize("name", ganatomy.__all__)
def test_every_name_of_the_stub_is_there(name: str) -> None:
    assert getattr(ganatomy, name) is not None
