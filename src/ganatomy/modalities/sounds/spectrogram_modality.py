"""Sounds that networks see as images of their spectra: SpecGAN's form (Donahue et al. 2019, arXiv:1802.04208).

int16 [N, T] are stored. Networks see float [B, 1, F, frames] in [−1, 1], levels: log₁₀ of the power at each of F
frequencies, from 0 to below half the rate, less its mean in the training, over three standard deviations, and clipped.
Phases are not seen. They are found anew, by Griffin and Lim's algorithm.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import torch
from pydantic import Field, ValidationError
from torch import Tensor
from torch.nn.functional import pad

from ganatomy.errors import UserError
from ganatomy.modalities.sounds.files import FULL, Waves, quantised
from ganatomy.modalities.sounds.griffin_lim import frames_of, reconstructed, spectra
from ganatomy.modalities.sounds.sound_modality import SoundModality
from ganatomy.modalities.sounds.spectrogram import BLOCK, FLOOR, window_of
from ganatomy.system.files import write_text
from ganatomy.system.options import Options

LEVELS = "levels.json"  # in a run's folder
LONGEST = 2**16  # bytes of it: enough for the frequencies of any rate
WIDE = 3.0  # standard deviations on either side of the mean that are kept
LEAST = 1e-3  # of a standard deviation: a frequency that is silent in all sounds stays so


class Levels(Options):
    """Of log₁₀ of the power at each of F frequencies the mean and the standard deviation, over sounds and windows."""

    mean: tuple[Annotated[float, Field(ge=-7, le=1)], ...]  # silence is −6, and nothing is louder than log₁₀ 4
    deviation: tuple[Annotated[float, Field(gt=0, le=7)], ...]


@dataclass(frozen=True)
class SpectrogramModality(SoundModality):
    """Sounds of one length as images of their spectra.

    levels  of the sounds that are trained on
    """

    levels: Levels = field(kw_only=True)

    @classmethod
    def of(cls, stored: Waves, rate: int) -> Self:
        """Of the sounds that are trained on, int16 [N, T]."""
        sums = []
        for start in range(0, len(stored), BLOCK):
            found = log_power(torch.from_numpy(np.array(stored[start : start + BLOCK])), window_of(rate)).double()
            sums.append(torch.stack([found.mean((0, 2)), found.square().mean((0, 2))]) * len(found))
        mean, square = torch.stack(sums).sum(0) / len(stored)
        deviation = (square - mean.square()).clamp(min=LEAST**2).sqrt()
        return cls(rate, stored.shape[1], levels=Levels(mean=mean.tolist(), deviation=deviation.tolist()))

    @classmethod
    def read(cls, folder: Path, rate: int, samples: int) -> Self:
        """Of a run or an export in a folder, as `write` left it.

        Raises UserError where levels.json is not there, damaged, or of another rate.
        """
        path, bands = folder / LEVELS, window_of(rate) // 2
        try:
            if path.stat().st_size > LONGEST:
                raise UserError(f"{path} is larger than the {LONGEST:,} bytes that levels may take.")
            levels = Levels.model_validate_json(path.read_bytes())
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}.") from None
        except ValidationError as error:
            raise UserError(f"{path} is damaged: {error.errors()[0]['msg']}.") from None
        if not len(levels.mean) == len(levels.deviation) == bands:
            raise UserError(f"{path} is damaged: at {rate:,} Hz there are {bands} frequencies.")
        return cls(rate, samples, levels=levels)

    def write(self, folder: Path) -> None:
        """Write levels.json."""
        write_text(folder / LEVELS, self.levels.model_dump_json() + "\n")

    @property
    def shape(self) -> tuple[int, ...]:
        """One channel, F frequencies, windows."""
        return 1, len(self.levels.mean), frames_of(self.samples, window_of(self.rate))

    def seen(self, waves: Tensor) -> Tensor:
        """int16 [B, T] → float32 [B, 1, F, frames] in [−1, 1]."""
        mean, width = self._normal(waves.device)
        return ((log_power(waves, window_of(self.rate)) - mean) / width).clamp(-1, 1)[:, None]

    def stored(self, outputs: Tensor) -> Waves:
        """Float [N, 1, F, frames] in [−1, 1] → int16 [N, T], whose spectra have nearly these levels."""
        magnitudes = self.magnitudes(outputs.detach().float().cpu())
        return quantised(reconstructed(magnitudes, window_of(self.rate), self.samples).numpy())

    def magnitudes(self, outputs: Tensor) -> Tensor:
        """Float [N, 1, F, frames] in [−1, 1] → magnitudes of spectra, [N, F + 1, frames]: at half the rate 0."""
        mean, width = self._normal(outputs.device)
        power = (10 ** (outputs[:, 0] * width + mean) - FLOOR).clamp(min=0)
        return pad(power.sqrt() / _scale(window_of(self.rate)), (0, 0, 0, 1))

    def _normal(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """The mean, and what becomes 1 above it, [F, 1]."""
        mean, deviation = (
            torch.tensor(each, dtype=torch.float32, device=device)[:, None]
            for each in (self.levels.mean, self.levels.deviation)
        )
        return mean, WIDE * deviation


def log_power(waves: Tensor, window: int) -> Tensor:
    """int16 [N, T] → log₁₀ of the power, [N, window/2, frames], without half the rate; −6 is silence."""
    found = spectra(waves.to(torch.float32) / FULL, window)[:, :-1]
    return (found.abs().mul(_scale(window)).square() + FLOOR).log10()


def _scale(window: int) -> float:
    """What makes the magnitude of a full-scale sine 1: twice over the sum of a Hann window."""
    return 4 / window
