"""Draw sounds from a trained generator: the function behind `ganatomy sample` of such a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganatomy.config.options import Config
from ganatomy.data import samples
from ganatomy.generators import card
from ganatomy.generators.metadata import SoundMetadata
from ganatomy.generators.seed_blocks import BlockSampler
from ganatomy.modalities.images import save_png
from ganatomy.modalities.sounds import files
from ganatomy.modalities.sounds.files import Waves
from ganatomy.modalities.sounds.forms import FORMS
from ganatomy.modalities.sounds.sound_modality import PREVIEWED, SoundModality
from ganatomy.system.files import explained, inside, write_text


class SoundSampler(BlockSampler):
    """A trained generator of sounds: seeds in, sounds out. A seed's sound follows from the seed and its class alone.

    The fields are those of `BlockSampler`; a `SoundModality` has the rate, the length and the form that networks see.
    """

    modality: SoundModality
    metadata: SoundMetadata

    MODALITY = "sounds"
    DRAWS = PLURAL = "sounds"
    METADATA = SoundMetadata

    @classmethod
    def read_modality(cls, folder: Path, config: Config) -> SoundModality:
        """The form. Raises UserError where its file is damaged."""
        data = config.data
        return FORMS[data.form].read(folder, data.rate, round(data.rate * data.seconds))

    @classmethod
    def conditions(cls, modality: SoundModality, metadata: SoundMetadata) -> list[str]:
        """The classes."""
        return metadata.classes

    def sample(self, seeds: Sequence[int] = range(PREVIEWED), label: str | int | None = None) -> Waves:
        """Sounds int16 [N, T] of seeds, `modality.rate` samples a second; label: a class for all, by name or as :3.

        Raises UserError for a seed or a class that does not exist.
        """
        return self.stored(seeds, None if label is None else self.number(label))

    def labels(self, seeds: Sequence[int]) -> list[int]:
        """The class of each seed that is given none, [N]; of a conditional generator."""
        _, classes = self.prior.split(self.prior.of_seeds(seeds))
        assert classes is not None, "only a conditional generator has classes"
        return [int(each) for each in classes.argmax(1)]

    def write_card(self, folder: Path, place: str) -> None:
        """Write README.md, spectrograms of 16 sounds, and these one after the other as a WAV file."""
        self.modality.preview(folder / card.SAMPLES, self.sample())
        write_text(folder / "README.md", card.text_of_sounds(self.metadata, self.config, place))


def file_of(seed: int) -> str:
    """The file of a seed's sound."""
    return samples.name(seed).replace(".png", ".wav")


def sample_sounds(
    sampler: SoundSampler,
    seeds: Sequence[int] | None = None,
    *,
    label: str | int | None = None,
    out: str | Path | None = None,
) -> tuple[Path, str]:
    """Write a WAV file for each seed, named by it, and a sheet of spectrograms; returns the folder and a sentence.

    seeds: 0 to 15 if not given; label: a class for all. out: generated below the run or folder, if not given. Raises
    UserError where there is no such seed or class, and where nothing can be written.
    """
    seeds = range(PREVIEWED) if seeds is None else [*dict.fromkeys(seeds)]
    waves = sampler.sample(seeds, label)
    folder = Path(out) if out is not None else inside(sampler.home, "generated")
    with explained(folder):
        for seed, wave in zip(seeds, waves, strict=True):
            files.write(folder / file_of(seed), wave, sampler.modality.rate, durable=False)
        save_png(folder / samples.SHEET, sampler.modality.sheet(waves), durable=False)
    return folder, f"{len(waves)} sounds and {samples.SHEET} in {folder}"
