"""Measured speeds, kept in the cache: each is measured once on a machine for a shape of training."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from ganatomy.build import SampleShape
from ganatomy.config.options import Config
from ganatomy.system import machine, sealed
from ganatomy.system.files import cache_folder, cached, write_text
from ganatomy.system.runtime import Runtime
from ganatomy.training.parts import origins_of

AGREEMENT = 0.9  # least cosine of the first gradient with float32's
# What a step's arithmetic follows from, beside the machine and the images.
PARTS = ("method", "prior", "generator", "discriminator", "objective", "penalties", "augmentation", "vae", "diffusion")
OF_TRAINING = {"batch", "discriminator_steps", "share_fakes", "simultaneous", "pack"}


class Way(NamedTuple):
    """How a step is computed: `runtime.precision` and `runtime.convolution`."""

    precision: str
    convolution: str


@dataclass(frozen=True)
class Timing:
    """One way to compute a step, timed.

    rate: images/s, the median. agreement: the cosine of the first gradient with float32's.
    """

    way: Way
    rate: float
    agreement: float = 1.0

    def __str__(self) -> str:
        words = f"{self.way.precision}, {self.way.convolution} convolutions: {self.rate:,.0f} images/s"
        return words if self.agreement >= AGREEMENT else f"{words}, but wrong (cosine {self.agreement:.2f})"


def kept(
    config: Config, image: SampleShape, runtime: Runtime, ways: Sequence[Way], measure: Callable[[], list[Timing]]
) -> list[Timing]:
    """The timings of these ways: those of an earlier call on this machine, or what `measure` finds.

    Measured anew: parts of one's own, whose code may change; and what was measured while the machine was busy, once it
    no longer is.
    """
    if origins_of(config):
        return measure()
    place = cache_folder() / "speed" / f"{_key(config, image, runtime, ways)}.json"
    busy = bool(machine.busy())
    try:
        entries, whole = sealed.read(place.read_text(encoding="utf-8"))
        if whole and (busy or not entries["busy"]):
            return [Timing(Way(*each["way"]), each["rate"], each["agreement"]) for each in entries["timings"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    timings = measure()
    shown = [{"way": list(each.way), "rate": each.rate, "agreement": each.agreement} for each in timings]
    with cached(cache_folder()):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_text(place, sealed.to_text({"busy": busy, "timings": shown}))
    return timings


def _key(config: Config, image: SampleShape, runtime: Runtime, ways: Sequence[Way]) -> str:
    options = config.model_dump(mode="json")
    players = ("generator_optimiser", "discriminator_optimiser")
    on_gpu = runtime.device.type == "cuda"
    facts: dict[str, Any] = {
        "machine": [machine.processor(), str(runtime.device), torch.get_num_threads(), machine.versions()],
        "gpu": torch.cuda.get_device_name(runtime.device) if on_gpu else None,
        "image": image,
        "ways": ways,
        "parts": {part: options[part] for part in PARTS},
        "training": {name: options["training"][name] for name in OF_TRAINING},
        "optimisers": [options[player]["name"] for player in players],
        "averages": config.average.decay > 0,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
