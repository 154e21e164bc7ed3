"""Draw from a trained generator: the functions behind `ganatomy sample`, `apply` and `walk`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganatomy.data import samples
from ganatomy.errors import UserError
from ganatomy.generators import directions as directing
from ganatomy.generators import image_to_image as applying
from ganatomy.generators import kinds, latents, pretrained, trained
from ganatomy.generators.directions import Directions
from ganatomy.generators.image_to_image import ImageToImage
from ganatomy.generators.latents import Latents, Space
from ganatomy.generators.metadata import Metadata, image_of
from ganatomy.generators.pretrained import Pretrained
from ganatomy.generators.rows import RowSampler, sample_rows
from ganatomy.generators.sampler import Sampler
from ganatomy.generators.sounds import SoundSampler, sample_sounds
from ganatomy.modalities.image_modality import save_preview
from ganatomy.modalities.images import check_animation, enlarge, grid, save_animation, save_png
from ganatomy.runs.run import DIRECTIONS, RUNS, Run
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
) -> Sampler | Any:
    """The generator of a run, of an exported folder or file, or of a Hugging Face repository, "hf:owner/name".

    Of images it is a `Sampler`, whose `sample` draws pixels of seeds; of images that are given images an
    `ImageToImage`, with `apply_to`; of rows of a table a `RowSampler`, whose `sample` makes DataFrames; of sounds a
    `SoundSampler`, whose `sample` makes int16 [N, T].

    Of a run the averaged one, or with raw=True the one in training; of the newest or a given step.
    truncation: as in Sampler; changes: of the options that only sampling depends on, {"diffusion.sampling_steps": 10};
    device: cpu, cuda, cuda:N, mps, or auto, a GPU if there is one. Raises UserError where there is no such generator or
    device.
    """
    if (found := kinds.find(place, Path(runs))) is None:
        return load_images(place, step, raw, truncation, changes, runs, device)
    if changes:
        raise UserError(f"{found} draws {found.kind.DRAWS}: no option of it can be changed after training.")
    return found.load(step, raw, truncation, device)


def load_images(
    place: str | Path | Run,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    changes: Mapping[str, Any] | None = None,
    runs: str | Path = RUNS,
    device: str = "cpu",
) -> Sampler:
    """As `load`, for what needs images: raises UserError where something else is drawn, too."""
    chosen = choose_device(device)
    if other := kinds.find(place, Path(runs)):
        name = other.origin.address if isinstance(other.origin, Run) else place
        raise UserError(f"{other} draws {other.kind.DRAWS}, not images: `ganatomy sample {name}` writes them.")
    if not isinstance(place, Run) and (found := pretrained.find(place)):
        pretrained.check_one(place, step, raw)
        return _sampler(pretrained.load(found, changes or {}), truncation).to(chosen)
    run = place if isinstance(place, Run) else Run.find(place, Path(runs))
    config, (tensors, manifest) = run.config(), trained.read(run, step, raw)
    image = image_of(config, run.path / "config.yaml")
    network = pretrained.rebuilt(config, image, tensors, run.path, changes or {})
    metadata = Metadata.of_run(run, config, manifest, network, average=not raw)
    return _sampler(Pretrained(network, metadata, run.path, config), truncation).to(chosen)


def _sampler(origin: Pretrained, truncation: float | None) -> Sampler:
    return (Sampler if origin.metadata.given is None else ImageToImage)(origin, truncation)


def apply(
    place: str | Path | Run,
    pictures: str | Path | Sequence[str | Path],
    *,
    step: int | None = None,
    raw: bool = False,
    device: str = "auto",
    out: str | Path | None = None,
    runs: str | Path = RUNS,
) -> tuple[Path, str]:
    """Write what a generator that is given an image draws of pictures; returns the folder, and what was done.

    pictures: image files, or folders of them, of any size that the network can take. out: PLACE/applied, if not given.
    The other arguments: as for `load`. Raises UserError for a generator that is given no image, and where a picture
    cannot be read or nothing can be written.
    """
    sampler = load_images(place, step, raw, None, None, runs, device)
    if not isinstance(sampler, ImageToImage):
        raise UserError(f"{place} is given no image: `ganatomy sample {place}` draws of seeds.")
    chosen = [pictures] if isinstance(pictures, (str, Path)) else pictures
    return applying.apply(sampler, chosen, None if out is None else Path(out))


def sample(
    place: str | Path | Run,
    seeds: Sequence[int] | None = None,
    *,
    rows: int | None = None,
    where: Sequence[str] = (),
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    label: str | int | None = None,
    files: Sequence[str | Path] = (),
    moves: Sequence[str] = (),
    changes: Mapping[str, Any] | None = None,
    device: str = "auto",
    out: str | Path | None = None,
    runs: str | Path = RUNS,
) -> Path:
    """Write an image for each seed, named by it, grid.png of all, and their list; returns the folder (`out`).

    Of a generator of sounds: write a WAV file for each seed, 0 to 15 if not given. Of a generator of rows of a table:
    write `rows` rows, those for which all terms in `where` hold, to one file, and return it.

    seeds: 0 to 63, if not given. The list, samples.json, tells them from the sheet and from what is in the folder
    already: see `data.samples`. label: a class for all, of a conditional generator: its name, or :3, its index. files:
    of points in latent space, as `project` writes them, which are drawn instead of seeds. moves: "FILE:NAME=UNITS",
    along directions that `directions` found. out: PLACE/generated, if not given. device: auto takes a GPU if there is
    one. The other arguments: as for `load`.
    Raises UserError where there is no such generator, seed, class or point, and where nothing can be written.
    """
    if found := kinds.find(place, Path(runs)):
        if files or moves or changes:
            raise UserError(f"files, moves and changes are of images, and this generator draws {found.kind.DRAWS}.")
        if found.kind is SoundSampler and (rows is not None or where):
            raise UserError("rows and where go with tables: this generator draws sounds.")
        sampler = found.load(step, raw, truncation, device)
        if isinstance(sampler, RowSampler):
            return sample_rows(sampler, rows, seeds, wheres=where, label=label, out=out)[0]
        return sample_sounds(sampler, seeds, label=label, out=out)[0]
    if rows is not None or where:
        raise UserError(f"rows and where go with tables, and {place} draws images.")
    seeds = range(64) if seeds is None else seeds
    sampler = load_images(place, step, raw, truncation, changes, runs, device)
    steps = [directing.parse(move) for move in moves]
    points = directing.move(sampler, _points(sampler, seeds, label, files, moved=steps), steps)
    pixels = latents.images(sampler, points)
    numbers = range(len(points)) if files else seeds
    name = samples.name_of_point if files else samples.name
    folder = Path(out) if out is not None else inside(sampler.home, "generated")
    with explained(folder):
        for number, image in zip(numbers, pixels, strict=True):
            save_png(folder / name(number), image, durable=False)
        save_preview(folder / samples.SHEET, pixels)
        drawn_by = sampler.drawn_by(label) | ({"latents": list(map(str, files))} if files else {})
        drawn_by |= {"moves": list(moves)} if moves else {}
        samples.write(folder, {name(number): number for number in numbers}, drawn_by)
    return folder


def _points(
    sampler: Sampler,
    seeds: Sequence[int],
    label: str | int | None,
    files: Sequence[str | Path],
    moved: Sequence[directing.Move] = (),
) -> Latents:
    """The points of files, or of seeds where there are none, in the space of the directions that they move along."""
    if not files:
        space = directing.read(moved[0].path, sampler).space if moved else "z"
        return latents.of_seeds(sampler, seeds, label, space)
    if label is not None:
        raise UserError("Points in files have their classes: --class goes with seeds.")
    return latents.read_all(files, sampler)


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
    files: Sequence[str | Path] = (),
    changes: Mapping[str, Any] | None = None,
    device: str = "auto",
    out: str | Path | None = None,
    runs: str | Path = RUNS,
) -> Path:
    """Write an endless animation through the images of the seeds, or of points in files; returns its path.

    frames: its pictures; seconds: its length. The other arguments: as for `sample`, and so are the errors.
    Raises UserError for fewer than two seeds, for fewer frames than seeds, and for another kind of file.
    """
    if out is not None:
        check_animation(Path(out))
    if not files and len(seeds) < 2:
        raise UserError("A walk leads from one seed to another: give at least two, as in --seeds 3,9,4.")
    sampler = load_images(place, step, raw, truncation, changes, runs, device)
    stops = _points(sampler, seeds, label, files)
    if len(stops) < 2:
        raise UserError("A walk leads from one point to another: give at least two --latents files.")
    name = "latents" if files else "-".join(map(str, seeds[:8]))
    path = Path(out) if out is not None else inside(sampler.home, f"walk-{name}.webp")
    points = latents.walk(sampler, stops, frames)
    pictures = [enlarge(image, 128) for image in latents.images(sampler, points)]
    with explained(path.parent):
        save_animation(path, pictures, seconds or frames / RATE)
    return path


def directions(
    place: str | Path | Run,
    count: int = 8,
    *,
    space: Space | None = None,
    classes: bool = False,
    some: Sequence[int] = (),
    others: Sequence[int] = (),
    seed: int = 0,
    step: int | None = None,
    raw: bool = False,
    device: str = "auto",
    out: str | Path | None = None,
    runs: str | Path = RUNS,
) -> tuple[Path, Directions]:
    """Find directions in latent space; write them, and a sheet of an image moved along each, a row a direction.

    Returns the folder and the directions.

    count: principal ones, named 1, 2, …; space: z, or w of a generator with styles, which is the default there;
    classes: also one to each class; some, others: seeds of images that have something and of such that have not, for
    one from these to those, named "with"; seed: of the sheet's image. out: folder, PLACE/directions if not given. The
    other arguments: as for `load`. Raises UserError where there is no such generator, space, class or seed, for seeds
    of one kind only, and where nothing can be written.
    """
    if bool(some) != bool(others):
        raise UserError("A direction leads from some images to others: give the seeds of both.")
    sampler = load_images(place, step, raw, None, None, runs, device)
    space = space or latents.spaces(sampler)[0]
    found = directing.principal(sampler, count, space)
    if classes:
        found += directing.by_class(sampler, space)
    if some:
        found += directing.between(sampler, directing.BETWEEN, others, some, space)
    folder = Path(out) if out is not None else inside(sampler.home, DIRECTIONS[0])
    with explained(folder):
        save_png(folder / "directions.png", grid(enlarge(directing.sheet(sampler, found, seed)), directing.COLUMNS))
        directing.write(folder / DIRECTIONS[-1], found)
    return folder, found
