"""Feature extractors by name. No torch: the names stand in help texts and pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganatomy.errors import UserError
from ganatomy.evaluation.features.extractor import Extractor
from ganatomy.evaluation.origin import code_of
from ganatomy.system.registry import Registry

if TYPE_CHECKING:
    from ganatomy.data.store import Images


@dataclass(frozen=True)
class ExtractorOptions:
    """What an extractor may be made from. See `make`."""

    channels: int = 1
    weights: Path | None = None
    sha256: str | None = None
    device: str = "cpu"
    labelled: Images | None = None


Maker = Callable[[ExtractorOptions], Extractor]
EXTRACTORS: Registry[Maker] = Registry("feature extractor")


def register_extractor(name: str) -> Callable[[Maker], Maker]:
    """Register a function of `ExtractorOptions` that makes the extractor `name`.

    Its docstring describes the extractor in help texts and in docs/EVALUATION.md.

        @register_extractor("means")
        def means(options: ExtractorOptions) -> Extractor:
            \"""The mean of each channel.\"""
            return FunctionExtractor("means", lambda pixels: pixels.mean((1, 2)))
    """

    def register(make: Maker) -> Maker:
        return EXTRACTORS.add(name, make, module=make.__module__)

    return register


def make(
    name: str,
    *,
    channels: int = 1,
    weights: Path | None = None,
    sha256: str | None = None,
    device: str = "cpu",
    labelled: Images | None = None,
) -> Extractor:
    """The extractor that is registered as `name`.

    channels  of the images, where the number of classes depends on it (lenet)
    weights   a file; None looks in the cache
    sha256    the SHA-256 that the file must have; None takes it from the file beside it, PATH.sha256
    device    as torch names it: cpu, cuda, cuda:1, mps
    labelled  prepared images with labels, for an extractor that is trained on them

    Raises UserError for an unknown name, an extra that is not installed, and weights that are missing or not the
    expected ones.
    """
    extractor = EXTRACTORS.find(name)(ExtractorOptions(channels, weights, sha256, device, labelled))
    if extractor.name != name:
        raise UserError(f"The feature extractor {name} calls itself {extractor.name!r}: both names must be the same.")
    return extractor


def protocol_of(extractor: Extractor) -> dict[str, Any]:
    """All that decides an extractor's numbers, with its code if that is not Ganatomy's own."""
    return {**extractor.protocol, **code_of(EXTRACTORS, extractor.name)}
