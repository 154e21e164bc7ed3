"""Draw sounds from a trained generator: the function behind `ganatomy sample` of such a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.data import samples
from ganatomy.errors import UserError
from ganatomy.gan.priors import Prior
from ganatomy.generators import pretrained, trained
from ganatomy.generators.classes import class_index
from ganatomy.generators.sampler import positive
from ganatomy.generators.seed_blocks import stored_of_seeds
from ganatomy.modalities.images import save_png
from ganatomy.modalities.sounds import files
from ganatomy.modalities.sounds.files import Waves
from ganatomy.modalities.sounds.forms import FORMS
from ganatomy.modalities.sounds.sound_modality import PREVIEWED, SoundModality
from ganatomy.runs.run import RUNS, Run
from ganatomy.system.files import explained, inside
from ganatomy.system.runtime import choose_device


@dataclass(frozen=True)
class SoundSampler:
    """A trained generator of sounds: seeds in, sounds out. A seed's sound follows from the seed and its class alone.

    network  z [B, latent_dim] and classes [B, K] or None → float [B, …] in the modality's form, in eval mode
    classes  names of the classes that it draws by; none of an unconditional one
    step     of its checkpoint
    """

    network: nn.Module
    prior: Prior
    modality: SoundModality
    classes: list[str]
    config: Config
    step: int
    truncation: float | None = None

    @classmethod
    def of_run(
        cls,
        run: Run,
        step: int | None = None,
        raw: bool = False,
        truncation: float | None = None,
        device: str = "cpu",
    ) -> SoundSampler:
        """Of a run on sounds; the arguments are those of `generators.api.load`.

        Raises UserError where there is no such checkpoint or device.
        """
        truncation, chosen, config = positive(truncation), choose_device(device), run.config()
        tensors, manifest = trained.read(run, step, raw)
        data = config.data
        modality = FORMS[data.form].read(run.path, data.rate, round(data.rate * data.seconds))
        network = pretrained.rebuilt(config, modality.shape, tensors, run.path, {})
        network = network.to(chosen).eval().requires_grad_(False)
        classes = list((run.info().get("data") or {}).get("classes") or []) if config.prior.conditional else []
        return cls(network, build.prior(config.prior), modality, classes, config, int(manifest["step"]), truncation)

    def label(self, label: str | int) -> int:
        """The number of a class: its name, or :3, its index. Raises UserError where there is none."""
        if not self.prior.classes:
            raise UserError("This generator is unconditional; retrain with --conditional to choose a class.")
        return class_index(label, self.classes)

    def waves(self, seeds: Sequence[int], label: int | None = None) -> Waves:
        """Sounds int16 [N, T] of seeds; label: the class of all of them; None: each seed has its own.

        Raises UserError for a seed that does not exist.
        """
        return stored_of_seeds(self.network, self.prior, self.modality, seeds, label, self.truncation)

    def labels(self, seeds: Sequence[int]) -> list[int]:
        """The class of each seed that is given none, [N]; of a conditional generator."""
        _, classes = self.prior.split(self.prior.of_seeds(seeds))
        assert classes is not None, "only a conditional generator has classes"
        return [int(each) for each in classes.argmax(1)]


def find(place: str | Path | Run, runs: Path = RUNS) -> Run | None:
    """The run on sounds that is meant; None where it is something else."""
    return trained.of_modality(place, "sounds", runs)


def sample_sounds(
    run: Run,
    seeds: Sequence[int] | None = None,
    *,
    label: str | int | None = None,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    device: str = "cpu",
    out: str | Path | None = None,
) -> tuple[Path, str]:
    """Write a WAV file for each seed, named by it, and a sheet of spectrograms; returns the folder and a sentence.

    seeds: 0 to 15 if not given; label: a class for all. out: RUN/generated, if not given. The other arguments: as for
    `generators.api.load`. Raises UserError where there is no such seed or class, and where nothing can be written.
    """
    seeds = range(PREVIEWED) if seeds is None else [*dict.fromkeys(seeds)]
    sampler = SoundSampler.of_run(run, step, raw, truncation, device)
    waves = sampler.waves(seeds, None if label is None else sampler.label(label))
    folder = Path(out) if out is not None else inside(run.path, "generated")
    with explained(folder):
        names = {str(Path(samples.name(seed)).with_suffix(".wav")): seed for seed in seeds}
        for name, wave in zip(names, waves, strict=True):
            files.write(folder / name, wave, sampler.modality.rate, durable=False)
        save_png(folder / samples.SHEET, sampler.modality.sheet(waves), durable=False)
    return folder, f"{len(waves)} sounds and {samples.SHEET} in {folder}"
