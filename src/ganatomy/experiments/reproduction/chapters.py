"""The chapters of docs/REPRODUCTION.md, in its order.

A chapter's module has three functions: `find` measures, and yields ever more of what it found; `show` makes Markdown;
`parts` are what may be carried out beforehand, side by side. It is imported when it is needed: help lists the names
without torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from ganatomy.system.registry import Registry

if TYPE_CHECKING:
    from ganatomy.experiments.reproduction.context import ReproductionContext

Figures: TypeAlias = dict[str, Any]  # what a chapter found, as reproduction.json keeps it
# Trainings and measurements by the names of their runs; what they find is kept there, and `find` takes it from there.
Parts: TypeAlias = Mapping[str, Callable[[], object]]


class _Module(Protocol):
    def find(self, context: ReproductionContext) -> Iterator[Figures]: ...

    def show(self, figures: Figures) -> str: ...

    def parts(self, context: ReproductionContext) -> list[Parts]: ...


@dataclass(frozen=True)
class Chapter:
    """A chapter: its title, and the module that measures and shows it."""

    title: str
    module: str

    def find(self, context: ReproductionContext) -> Iterator[Figures]:
        """Measure; yields all that is known whenever there is more. Raises UserError where data are missing."""
        return self._module().find(context)

    def show(self, figures: Figures) -> str:
        """What was found, as Markdown."""
        return self._module().show(figures)

    def parts(self, context: ReproductionContext) -> list[Parts]:
        """Its parts: those of a list's entry need those of the entries before."""
        return self._module().parts(context)

    def _module(self) -> _Module:
        return cast(_Module, import_module(self.module))


CHAPTERS: Registry[Chapter] = Registry("chapter")
for name, title, module in (
    ("goodfellow2014", "The 2014 headline: Parzen window log-likelihood", "first_gan"),
    ("mnist", "Every recipe on MNIST", "mnist"),
    ("comparisons", "One pass, sharpness, and DCGAN's rules", "comparisons"),
    ("strides", "Strides or pooling", "strides"),
    ("modes", "Modes", "modes"),
    ("fine-tuning", "Few images, and a generator to start from", "fine_tuning"),
    ("cifar10", "CIFAR-10 in a short time", "cifar"),
):
    path = f"ganatomy.experiments.reproduction.{module}"
    CHAPTERS.add(name, Chapter(title, path), module=path, summary=title)
