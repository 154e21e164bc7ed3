"""Generators whose samples are drawn in blocks that are always the same: of rows, and of sounds.

A seed's sample follows from the seed and what is asked for, whatever else is drawn. Such a generator is exported as a
folder with its weights and what its modality needs. Anyone may have written it: it is checked before it is loaded, and
no code of theirs runs.
"""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.gan.priors import Prior
from ganatomy.generators import hub, pretrained, trained, weights
from ganatomy.generators.classes import class_index
from ganatomy.generators.metadata import RowMetadata, SoundMetadata
from ganatomy.generators.sampler import check_seeds, positive
from ganatomy.modalities.modality import Modality
from ganatomy.runs.run import Run
from ganatomy.system.files import explained
from ganatomy.system.precision import exact_float32
from ganatomy.system.runtime import choose_device

BLOCK = 64  # seeds whose samples are drawn together


class DrawnSamples(NamedTuple):
    """Samples as they are stored, [N, …]; their seeds [N]; and how many were drawn to find them."""

    stored: NDArray[Any]
    seeds: NDArray[np.int64]
    drawn: int


class Exported(NamedTuple):
    """What an exported folder holds; tensors: the weights by name, each of the shape that the network has."""

    metadata: Any
    config: Config
    modality: Any
    tensors: dict[str, Tensor]


@dataclass(frozen=True)
class BlockSampler(ABC):
    """A trained generator of rows or sounds: seeds in, samples out.

    network     z [B, latent_dim] and conditions [B, K] or None → [B, …], as networks see samples, in eval mode
    modality    what a sample is
    metadata    what is known of the generator
    home        the folder that it came from
    truncation  the largest size of a latent coordinate, in standard deviations; None changes nothing
    """

    network: nn.Module
    prior: Prior
    modality: Any
    config: Config
    metadata: Any
    home: Path
    truncation: float | None = None

    MODALITY: ClassVar[str]
    DRAWS: ClassVar[str]  # what it draws, for messages
    PLURAL: ClassVar[str]  # the same in a word
    METADATA: ClassVar[type[RowMetadata] | type[SoundMetadata]]
    CONDITION: ClassVar[str] = "class"  # what a sample can be asked for, as messages call it
    UNCONDITIONAL: ClassVar[str] = "This generator is unconditional; retrain with --conditional to choose a class."

    @classmethod
    @abstractmethod
    def read_modality(cls, folder: Path, config: Config) -> Modality:
        """Of a run's folder or an export's. Raises UserError where its files are damaged."""

    @classmethod
    @abstractmethod
    def conditions(cls, modality: Any, metadata: Any) -> list[str]:
        """The names of what a sample can be asked for, where the prior has conditions."""

    @abstractmethod
    def write_card(self, folder: Path, place: str) -> None:
        """Write README.md and its picture; place: how the card's code names the folder."""

    @classmethod
    def of_run(
        cls, run: Run, step: int | None = None, raw: bool = False, truncation: float | None = None, device: str = "cpu"
    ) -> Self:
        """Of a run; the arguments are those of `generators.api.load`.

        Raises UserError where there is no such checkpoint or device, and where the run's files are damaged.
        """
        chosen, config = choose_device(device), run.config()
        tensors, manifest = trained.read(run, step, raw)
        metadata: Any = cls.METADATA.of_run(run, config, manifest, average=not raw)
        read = Exported(metadata, config, cls.read_modality(run.path, config), tensors)
        return cls._made(read, run.path, truncation, chosen)

    @classmethod
    def of_folder(cls, folder: Path, truncation: float | None = None, device: str = "cpu") -> Self:
        """Of an exported folder. Raises UserError where there is none, or no such device."""
        chosen = choose_device(device)
        return cls._made(cls.read(folder), folder, truncation, chosen)

    @classmethod
    def from_pretrained(cls, name: str | Path) -> Self:
        """The generator that `save_pretrained` left in a folder, or `push_to_hub` in a repository owner/name.

        Raises UserError where there is none.
        """
        found = pretrained.find(name if Path(name).exists() else f"hf:{name}")
        if found is None or weights.modality(found) != cls.MODALITY:
            raise UserError(f"{name} holds no exported generator of {cls.PLURAL}; ganatomy.load takes runs too.")
        return cls.of_folder(found)

    @classmethod
    def read(cls, folder: Path) -> Exported:
        """What `save_pretrained` left. Raises UserError where the folder does not hold just that."""
        path = folder / weights.CONFIG
        values = weights.described(path)
        config = weights.config_of(values, path)
        if config.modality != cls.MODALITY:
            raise UserError(f"{path} describes a generator of {config.modality}: it draws no {cls.PLURAL}.")
        metadata, modality = cls.METADATA.parse(values.get("facts"), path), cls.read_modality(folder, config)
        counted, names = len(config.prior.classes), cls.conditions(modality, metadata)
        if counted and counted != len(names):
            raise UserError(f"{path} counts {counted} of what can be asked for, and {len(names)} are named.")
        return Exported(metadata, config, modality, weights.tensors(folder, config, modality.shape))

    @classmethod
    def _made(cls, read: Exported, home: Path, truncation: float | None, device: torch.device) -> Self:
        metadata, config, modality, tensors = read
        network = pretrained.rebuilt(config, modality.shape, tensors, home, {}).to(device).eval().requires_grad_(False)
        return cls(network, build.prior(config.prior), modality, config, metadata, home, positive(truncation))

    @property
    def step(self) -> int:
        """The step of its checkpoint."""
        return int(self.metadata.step)

    @property
    def names(self) -> list[str]:
        """What a sample can be asked for; nothing of an unconditional generator."""
        return self.conditions(self.modality, self.metadata) if self.prior.classes else []

    def number(self, label: str | int) -> int:
        """The number of what is asked for: its name, or :3, its index.

        Raises UserError where there is none, and where the generator takes no conditions.
        """
        if not self.prior.classes:
            raise UserError(self.UNCONDITIONAL)
        return class_index(label, self.names, self.CONDITION)

    def stored(
        self, seeds: Sequence[int], label: int | None = None, between: Callable[[], None] = lambda: None
    ) -> NDArray[Any]:
        """Samples [N, …] of seeds, as the modality stores them.

        label: what all of them are asked for; None: each seed has its own; between: is called before each block, and
        may raise. Raises UserError for a seed that does not exist.
        """
        check_seeds(seeds)
        found: dict[int, NDArray[Any]] = {}
        for number, own in groupby(sorted(set(seeds)), lambda seed: seed // BLOCK):
            between()
            block = self._block(number, label)
            found |= {seed: block[seed % BLOCK].copy() for seed in own}  # a view would keep the whole block
        return np.stack([found[seed] for seed in seeds])

    @torch.no_grad()
    @exact_float32()
    def _block(self, number: int, label: int | None) -> NDArray[Any]:
        z, y = self.prior.split(self.prior.of_seeds(range(BLOCK * number, BLOCK * (number + 1)), label))
        if self.truncation is not None:
            z = self.prior.truncate(z, self.truncation)
        there = next(self.network.parameters())
        stored: NDArray[Any] = self.modality.stored(self.network(z.to(there), None if y is None else y.to(there)))
        return stored

    def licensed(self, licence: str | None) -> Self:
        """The same under a licence; None changes nothing. Raises UserError where that is no short name."""
        return replace(self, metadata=self.metadata.licensed(licence))

    def save_pretrained(self, folder: str | Path, half: bool = False, place: str = ".") -> Path:
        """Write the generator for `from_pretrained`, with its card. Returns the folder.

        half: weights as 16-bit numbers, by which some samples change; place: how the card's code names it, the folder
        that the card is in if not given. Raises UserError where nothing can be written.
        """
        folder = Path(folder)
        with explained(folder):
            weights.write(folder, self.network, self.config, self.metadata, half)
            self.modality.write(folder)
            self.write_card(folder, place)
        return folder

    def push_to_hub(self, name: str, private: bool = False, licence: str | None = None) -> str:
        """Put the generator into the Hugging Face repository owner/name; returns its address. Extra: hub.

        licence: the generator's, as Hugging Face abbreviates it: mit, cc-by-4.0, other. Raises UserError where that is
        no short name, and where the repository cannot be written.
        """
        with tempfile.TemporaryDirectory() as folder:
            saved = self.licensed(licence).save_pretrained(folder, place=f"hf:{name}")
            return hub.upload(saved, name, private)


def in_blocks(seeds: Sequence[int]) -> int:
    """How many samples are drawn for these seeds: whole blocks."""
    if isinstance(seeds, range):
        return BLOCK * (seeds[-1] // BLOCK - seeds[0] // BLOCK + 1)
    return BLOCK * len({seed // BLOCK for seed in seeds})
