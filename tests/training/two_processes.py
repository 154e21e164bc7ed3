"""For test_distributed.py, under torchrun: `two_processes.py IMAGES TRAININGS`, a JSON list of arguments for each run.

One start of two processes for all that is proved with them. `ganatomy train` runs once for each list. Then both train
with batch norm: every rank must hold the first one's tensors, and nothing of the process group may be left at the end.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist  # noqa: TID251

from ganatomy import build, cli
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.data.batches import RealBatches
from ganatomy.system import runtime

TINY = {"generator.width": 4, "discriminator.width": 4, "training.batch": 8, "training.share_fakes": True}


def main(images: Path, trainings: list[list[str]]) -> None:
    for arguments in trainings:
        cli.app(["train", *arguments], standalone_mode=False)
    train_with_batch_norm(np.load(images))
    tasks = Path("/proc/self/task").glob("*/comm")  # Linux alone has it
    left = [name for task in tasks if "gloo" in (name := task.read_text().strip())]
    assert not left, f"threads of the process group are left: {left}"


def train_with_batch_norm(pixels: np.ndarray) -> None:
    with runtime.start("cpu", threads=1) as here:
        assert here.of_first(here.rank + 0.5) == 0.5
        game = build.method(change(recipe("dcgan"), TINY), (3, 16, 16), here)
        batches = RealBatches(pixels, 8, 1, runtime.Randomness(0), here)
        for step in range(6):
            game.step(step, batches)
        mine = torch.cat([t.double().flatten() for group in game.state().values() for t in group.values()])
        firsts = mine.clone()
        dist.broadcast(firsts, 0)
        assert torch.equal(mine, firsts), f"rank {here.rank} differs by {(mine - firsts).abs().max()}"
        shown = batches(0).images.sum().reshape(1)
        others = [torch.empty(1) for _ in range(here.world)]
        dist.all_gather(others, shown)
        assert len({value.item() for value in others}) == here.world, "the ranks saw the same images"
        if here.leads:
            print("agree after 6 steps")


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
