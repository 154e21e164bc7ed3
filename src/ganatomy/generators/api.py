"""Draw from a trained generator: the functions behind `ganatomy sample` and `ganatomy walk`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganatomy.data import samples
from ganatomy.errors import UserError
from ganatomy.gan import latent
from ganatomy.gan.priors import PRIORS
from ganatomy.generators import pretrained
from ganatomy.generators.metadata import Metadata, image_of
from ganatomy.generators.pretrained import Pretrained
from ganatomy.generators.sampler import Sampler
from ganatomy.modalities.images import check_animation, enlarge, grid, save_animation, save_png
from ganatomy.networks.families import FAMILIES
from ganatomy.runs import checkpoint
from ganatomy.runs.parts import check_at_hand
from ganatomy.runs.run import RUNS, Run
from ganatomy.system.files import explained, inside
from ganatomy.system.runtime import choose_device

RATE = 12  # pictures a second of a walk


def load(
    place: str | Path | Run,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    changes: Mapping[str, Any] | None = None,
    runs: str | Path = RUNS,
    device: str = "cpu",
) -> Sampler:
    """The generator of a run, of an exported folder or file, or of a Hugging Face repository, "hf:owner/name".

    Of a run the averaged one, or with raw=True the one in training; of the newest or a given step.
    truncation: as in Sampler; changes: of the options that only sampling depends on, {"diffusion.sampling_steps": 10};
    device: cpu, cuda, cuda:N, mps, or auto, a GPU if there is one. Raises UserError where there is no such generator or
    device.
    """
    chosen = choose_device(device)
    if not isinstance(place, Run) and (found := pretrained.find(place)):
        if step is not None or raw:
            raise UserError(f"{place} holds one generator; --step and --raw choose among those of a run.")
        return Sampler(pretrained.load(found, changes or {}), truncation).to(chosen)
    run = place if isinstance(place, Run) else Run.find(place, Path(runs))
    config, folder, name = run.config(), run.checkpoint(step), "generator" if raw else "average"
    check_at_hand(run, [(FAMILIES, config.generator.family), (PRIORS, config.prior.name)])
    tensors = checkpoint.load(folder, name)[name]
    tensors.pop("n_averaged", None)
    image = image_of(config, run.path / "config.yaml")
    network = pretrained.rebuilt(config, image, tensors, run.path, changes or {})
    metadata = Metadata.of_run(run, config, checkpoint.manifest(folder), network, average=not raw)
    return Sampler(Pretrained(network, metadata, run.path, config), truncation).to(chosen)


def sample(
    place: str | Path | Run,
    seeds: Sequence[int] = tuple(range(64)),
    *,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    label: str | int | None = None,
    changes: Mapping[str, Any] | None = None,
    device: str = "auto",
    out: str | Path | None = None,
    runs: str | Path = RUNS,
) -> Path:
    """Write an image for each seed, named by it, grid.png of all, and their list; returns the folder (`out`).

    The list, samples.json, tells them from the sheet and from what is in the folder already: see `data.samples`.
    label: a class for all, of a conditional generator: its name, or :3, its index. out: PLACE/generated, if not given.
    device: auto takes a GPU if there is one. The other arguments: as for `load`.
    Raises UserError where there is no such generator, seed or class, and where nothing can be written.
    """
    sampler = load(place, step, raw, truncation, changes, runs, device)
    pixels = sampler.images(sampler.latents(seeds, label))
    folder = Path(out) if out is not None else inside(sampler.home, "generated")
    with explained(folder):
        for seed, image in zip(seeds, pixels, strict=True):
            save_png(folder / samples.name(seed), image, durable=False)
        save_png(folder / samples.SHEET, enlarge(grid(pixels), 480))
        samples.write(folder, seeds, sampler.drawn_by(label))
    return folder


def walk(
    place: str | Path | Run,
    seeds: Sequence[int] = tuple(range(8)),
    frames: int = 96,
    *,
    seconds: float | None = None,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    label: str | int | None = None,
    changes: Mapping[str, Any] | None = None,
    device: str = "auto",
    out: str | Path | None = None,
    runs: str | Path = RUNS,
) -> Path:
    """Write an endless animation through the images of the seeds; returns its path.

    frames: its pictures; seconds: its length. The other arguments: as for `sample`, and so are the errors.
    Raises UserError for fewer than two seeds, for fewer frames than seeds, and for another kind of file.
    """
    if out is not None:
        check_animation(Path(out))
    if len(seeds) < 2:
        raise UserError("A walk leads from one seed to another: give at least two, as in --seeds 3,9,4.")
    sampler = load(place, step, raw, truncation, changes, runs, device)
    path = Path(out) if out is not None else inside(sampler.home, f"walk-{'-'.join(map(str, seeds[:8]))}.webp")
    codes = latent.walk(sampler.prior, sampler.latents(seeds, label), frames)
    pictures = [enlarge(image, 128) for image in sampler.images(codes)]
    with explained(path.parent):
        save_animation(path, pictures, seconds or frames / RATE)
    return path
