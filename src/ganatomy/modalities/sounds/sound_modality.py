"""Short sounds as a modality: int16 [N, T] are stored, networks see waveforms, float [B, 1, T] in [−1, 1].

A modality that shows them to networks in another form is made from this one: see `spectrogram_modality`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from ganatomy.modalities.images import Pixels, enlarge, grid, save_png
from ganatomy.modalities.modality import Modality
from ganatomy.modalities.sounds import files, spectrogram
from ganatomy.modalities.sounds.files import FULL, Waves

PREVIEWED = 16  # sounds
SIDE = 128  # pixels of a spectrogram's height
PAUSE = 0.15  # seconds between two sounds that are heard one after the other


@dataclass(frozen=True)
class SoundModality(Modality):
    """Sounds of one length.

    rate     samples per second
    samples  of each sound, T
    """

    rate: int
    samples: int

    @classmethod
    def of(cls, stored: Waves, rate: int) -> Self:
        """Of the sounds that are trained on, int16 [N, T]."""
        return cls(rate, stored.shape[1])

    @classmethod
    def read(cls, folder: Path, rate: int, samples: int) -> Self:
        """Of a run or an export in a folder, as `write` left it. Raises UserError where what it left is damaged."""
        return cls(rate, samples)

    @property
    def shape(self) -> tuple[int, ...]:
        """One channel, T samples."""
        return 1, self.samples

    @property
    def previewed(self) -> int:
        """As many as are heard in a few seconds."""
        return PREVIEWED

    def seen(self, waves: Tensor) -> Tensor:
        """int16 [B, T] → float32 [B, 1, T] in [−1, 1], as networks see sounds."""
        return waves[:, None].to(torch.float32).div_(FULL)

    def stored(self, outputs: Tensor) -> Waves:
        """Float [N, 1, T] in [−1, 1] → int16 [N, T]."""
        return files.quantised(outputs.detach().float().cpu().numpy()[:, 0])

    def sheet(self, stored: Waves) -> Pixels:
        """Spectrograms of sounds int16 [N, T] side by side, uint8 [H, W, 3]."""
        return grid(enlarge(spectrogram.picture(stored, self.rate), SIDE))

    def preview(self, path: Path, stored: Waves) -> None:
        """Write spectrograms of sounds int16 [N, T] as a grid, and beside it a WAV file of one after the other."""
        save_png(path, self.sheet(stored))
        files.write(path.with_suffix(".wav"), in_turn(stored, self.rate), self.rate)


def in_turn(waves: Waves, rate: int) -> Waves:
    """Sounds int16 [N, T] one after the other, [L], a pause behind each."""
    return np.pad(waves, ((0, 0), (0, round(PAUSE * rate)))).reshape(-1)
