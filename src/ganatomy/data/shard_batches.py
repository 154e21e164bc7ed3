"""Real batches of tar shards, as a function of the step. Needs torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Thread

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import one_hot

from ganatomy.data.batches import RealBatches
from ganatomy.data.store import Images
from ganatomy.errors import UserError
from ganatomy.gan.method import Batch
from ganatomy.modalities.images import to_float
from ganatomy.system.runtime import Randomness, Runtime


@dataclass(frozen=True)
class Group:
    """Shards that are shuffled together: the images of a lane from position `begin` to `end`.

    order   [n], a permutation of all their images
    starts  [shards], the first image of each
    labels  of each shard, [its images]; None where there are none
    """

    begin: int
    end: int
    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    images: list[Images]
    labels: list[NDArray[np.int64]] | None

    def at(self, position: int) -> tuple[NDArray[np.uint8], int]:
        """The pixels [H, W, C] and the label at a position of the lane; 0 where there are no labels."""
        number = self.order[position - self.begin]
        shard = int(np.searchsorted(self.starts, number, side="right")) - 1
        row = int(number - self.starts[shard])
        label = int(self.labels[shard][row]) if self.labels is not None else 0
        return self.images[shard].pixels[row], label


class ShardBatches(RealBatches):
    """batches(step, turn) → this process's rows of the turn-th real batch of a step, of shards.

    With P processes the shards are P lanes: shard i is of lane i mod P, and row j of a batch of lane j mod P, so each
    process reads its own shards. With fewer shards than processes there are as many lanes as shards, and processes
    share them, each with rows of its own. Each pass over a lane has its own order of shards; as many of them as have
    `buffer / P` images together are a group, whose images have an order of their own. What a batch holds follows from
    (seed, number of processes, step, turn) and from the shards alone.
    """

    def __init__(
        self,
        samples: Images,
        batch: int,
        turns: int,
        random: Randomness,
        runtime: Runtime,
        *,
        flip: bool = False,
        conditional: bool = False,
    ) -> None:
        """samples: some images and the stream of all; the others: as for `RealBatches`."""
        assert samples.stream is not None
        self.stream = samples.stream
        self.names = samples.classes if conditional else None
        labels = samples.labels if conditional else None
        classes = len(samples.classes or ()) if conditional else 0
        super().__init__(samples.pixels, batch, turns, random, runtime, flip=flip, labels=labels, classes=classes)
        self.lanes = min(runtime.world, len(self.stream))
        self.groups: dict[int, Group] = {}
        self.ahead: dict[int, _Ahead] = {}

    def of_some(self) -> RealBatches:
        """Whole batches of the images that are prepared: what one process sees without the others' shards."""
        alone, flip, labels = Runtime(self.runtime.device, self.runtime.precision), self.flip, self.labels
        return RealBatches(
            self.pixels, self.batch, self.turns, self.random, alone, flip=flip, labels=labels, classes=self.classes
        )

    def indices(self, step: int, turn: int = 0) -> NDArray[np.int64]:
        """Where the images of a batch over all processes are, [batch]: position in its lane × lanes + lane."""
        row = np.arange(self.batch)
        lane = row % self.lanes
        in_lane = np.bincount(lane, minlength=self.lanes)  # rows of a batch
        position = (step * self.turns + turn) * in_lane[lane] + row // self.lanes
        return position * self.lanes + lane

    def read(self, indices: NDArray[np.int64]) -> Batch:
        """The images of indices [n], and their classes."""
        found = [self._at(*divmod(index, self.lanes)) for index in indices.tolist()]
        pixels = torch.from_numpy(np.stack([image for image, _ in found]))
        images = to_float(pixels.to(self.runtime.device, non_blocking=True))
        if self.names is None:
            return Batch(images)
        classes = one_hot(torch.tensor([label for _, label in found]), self.classes).float()
        return Batch(images, classes.to(self.runtime.device, non_blocking=True))

    def _at(self, position: int, lane: int) -> tuple[NDArray[np.uint8], int]:
        group = self.groups.get(lane)
        if group is None or not group.begin <= position < group.end:
            group = self.groups[lane] = self._next(lane, position)
        return group.at(position)

    def _next(self, lane: int, position: int) -> Group:
        """The group of a position, and the one after it begun in the background."""
        ahead = self.ahead.pop(lane, None)
        group = ahead.result() if ahead is not None and ahead.position == position else self._group(lane, position)
        self.ahead[lane] = _Ahead(group.end, lambda: self._group(lane, group.end))
        return group

    def _group(self, lane: int, position: int) -> Group:
        """The group of a lane in which a position is. Raises UserError where none of its images can be read."""
        shards = range(lane, len(self.stream), self.lanes)
        epoch, begin = 0, 0
        if position:  # what lies before is known, or is decoded once
            total = self._total(shards, position)
            if total is not None:
                epoch = position // total
                begin = epoch * total
        while True:
            at = begin
            for number, group in enumerate(self._groups(lane, shards, epoch)):
                end = begin + sum(map(self.stream.count, group))
                if position < end:
                    return self._loaded(lane, epoch, number, group, begin, end)
                begin = end
            if begin == at:
                raise UserError(f"None of the images of {self.stream.shards.where} can be read.")
            epoch += 1

    def _total(self, shards: Sequence[int], position: int) -> int | None:
        """The images of these shards, where they are known; None: the position is within the first pass."""
        known = self.stream.known()
        names = [self.stream.shards.shards[i].name for i in shards]
        if any(name not in known for name in names):
            return None
        return sum(known[name][0] for name in names) or None

    def _groups(self, lane: int, shards: Sequence[int], epoch: int) -> Iterator[list[int]]:
        """The shards of a pass in its order, as many together as have enough images."""
        enough = -(-self.stream.buffer // self.lanes)
        order = torch.randperm(len(shards), generator=self.random.at(f"shards of lane {lane}", epoch))
        group: list[int] = []
        for i in order.tolist():
            group.append(shards[i])
            if sum(map(self.stream.count, group)) >= enough:
                yield group
                group = []
        if group:
            yield group

    def _loaded(self, lane: int, epoch: int, number: int, group: list[int], begin: int, end: int) -> Group:
        images = [found for each in group if len(found := self.stream.images(each))]
        counts = np.array([len(each) for each in images])
        order = torch.randperm(end - begin, generator=self.random.at(f"order of lane {lane}", epoch, number)).numpy()
        labels = None if self.names is None else [self._labels(each, self.names) for each in images]
        return Group(begin, end, order, np.cumsum(counts) - counts, images, labels)

    def _labels(self, images: Images, names: list[str]) -> NDArray[np.int64]:
        """The labels of a shard's images, numbered as `names`. Raises UserError where one has none of them."""
        place = {name: i for i, name in enumerate(names)}
        known = images.classes or []
        if images.labels is None or any(name not in place for name in known):
            new = [name for name in known if name not in place]
            what = f"is of the class {new[0]}, which was not seen before" if new else "has no label"
            cure = "name all classes in a file classes.txt beside the shards, a line each" if new else "label it"
            raise UserError(
                f"An image of {images.source} {what}, and the training is conditional: {cure}, and start again."
            )
        return np.array([place[name] for name in known], np.int64)[images.labels]


class _Ahead:
    """A group that is loaded in the background. The thread ends with the process, however far it is."""

    def __init__(self, position: int, load: Callable[[], Group]) -> None:
        self.position, self.load = position, load
        self.group: Group | None = None
        self.error: Exception | None = None
        self.thread = Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.group = self.load()
        except Exception as error:  # whoever waits for the group raises it
            self.error = error

    def result(self) -> Group:
        self.thread.join()
        if self.error is not None:
            raise self.error
        assert self.group is not None
        return self.group
