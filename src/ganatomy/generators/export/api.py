"""Write a trained generator for others to draw from: the function behind `ganatomy export`."""

import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ganatomy.data.decode import MODES
from ganatomy.errors import UserError, unknown
from ganatomy.generators import kinds
from ganatomy.generators.api import load_images
from ganatomy.generators.export import conversion, pictures, sliders, space, web
from ganatomy.generators.graph import inputs, outputs
from ganatomy.generators.metadata import GivenImage, Metadata
from ganatomy.generators.pretrained import GRAPH
from ganatomy.generators.sampler import Sampler
from ganatomy.generators.seed_blocks import BlockSampler
from ganatomy.generators.weights import WEIGHTS
from ganatomy.modalities.images import Pixels
from ganatomy.runs.run import RUNS, Run
from ganatomy.system.files import explained, inside, write_bytes, write_text


class Export(NamedTuple):
    """What was written: the folder, the file with the generator in it, and a sentence about how exact it is."""

    folder: Path
    file: Path
    message: str


def export(
    place: str | Path | Run,
    to: str | None = None,
    *,
    half: bool = False,
    out: str | Path | None = None,
    title: str | None = None,
    licence: str | None = None,
    step: int | None = None,
    raw: bool = False,
    runs: str | Path = RUNS,
) -> Export:
    """Write a generator and its model card into a folder, PLACE/exports/TO unless `out`.

    to: "onnx" (a graph from latent vectors, or from given pixels, to pixels), "web" (that graph in a page), "gradio"
    (that graph with a demo that is also a Space of Hugging Face) or "safetensors" (weights that `ganatomy.load`
    rebuilds), which is the one form of generators of rows and of sounds; onnx if not given. half: weights in 16 bits.
    title: of the page or demo. licence: of the generator, as the card says it. place, step, raw: as for `load`. A graph
    that does not draw what torch draws is not written. Raises UserError where there is no such generator or form, and
    where nothing can be written.
    """
    if found := kinds.find(place, Path(runs)):
        if to not in (None, OF_OTHERS) or title is not None:
            raise UserError(
                f"{found} draws {found.kind.DRAWS}: --to {OF_OTHERS} is the one form of their generator; graphs, "
                "pages and demos are of images."
            )
        other = found.load(step, raw).licensed(licence)
        return _others(other, _folder(out, other.home, OF_OTHERS), half)
    to = to or "onnx"
    if to not in FORMS:
        raise unknown("form of export", to, FORMS)
    if title is not None and to not in TITLED:
        raise UserError(f"--title is of the page that --to {' or --to '.join(TITLED)} makes.")
    sampler = load_images(place, step, raw, runs=runs)
    sampler.metadata = sampler.metadata.licensed(licence)
    folder = _folder(out, sampler.home, to)
    with explained(folder):
        return FORMS[to](sampler, folder, half, title)


def _folder(out: str | Path | None, home: Path, form: str) -> Path:
    """Where to write. Raises UserError where that is a file."""
    folder = Path(out) if out is not None else inside(home, "exports", form)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--out {folder} is a file; name a folder.")
    return folder


def _onnx(
    sampler: Sampler,
    folder: Path,
    half: bool,
    title: str | None,
    use: str = "{}",
    header: Mapping[str, Any] | None = None,
) -> Export:
    """The graph, and what describes it. use: more of the use for the card, around {}; header: more for the card's."""
    content = conversion.halved(conversion.convert(sampler)) if half else conversion.convert(sampler)
    verified, pixels = _verified(content, sampler, half)
    file, metadata = folder / GRAPH, sampler.metadata
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(file, content)
    described = {**metadata.model_dump(mode="json"), "inputs": inputs(metadata), "outputs": outputs(metadata)}
    described |= {"title": title} if header else {}  # of the demo
    directions, about = sliders.of_run(sampler)
    if directions is not None:
        described["directions"] = sliders.described(directions)
    write_text(folder / "metadata.json", json.dumps(described, indent=2, ensure_ascii=False) + "\n")
    sampler.write_card(folder, use.format(_use(sampler)), pixels, header)
    return Export(folder, file, f"{GRAPH}: {len(content) / 2**20:,.1f} MiB; {verified}\n{about}".rstrip())


def _verified(content: bytes, sampler: Sampler, half: bool) -> tuple[str, Pixels | None]:
    """A sentence on how exact a graph is, and the pixels of seeds 0 to 63, of one that draws of seeds."""
    if sampler.metadata.given:
        largest, pixels = conversion.verify_given(content, sampler, half), None
        of = "pictures of " + " and ".join(f"{height}×{width} pixels" for _, height, width in conversion.SIZES)
    else:
        largest, pixels = conversion.verify(content, sampler, half)
        of = f"batches of {', '.join(map(str, conversion.BATCHES))}"
    same = f"onnxruntime draws what torch draws, in {of}"
    return f"{same}: the largest difference is {largest:.1e}, of images in [-1, 1].", pixels


def _web(sampler: Sampler, folder: Path, half: bool, title: str | None) -> Export:
    directions, about = sliders.of_run(sampler)
    page = web.page(sampler.metadata, title, directions)  # first: what can be refused at once
    runtime = web.runtime()
    use = "{}\n\n`python3 -m http.server`, in this folder, shows the page at http://localhost:8000."
    made = _onnx(sampler, folder, half, title, use)
    for name, content in runtime.items():
        write_bytes(folder / name, content)
    index = folder / "index.html"
    write_text(index, page)
    command = f"python3 -m http.server -d {shlex.quote(str(folder))}"
    hint = (
        ""
        if about or sampler.metadata.given
        else "\nTo give the page sliders, run `ganatomy directions` and export again."
    )
    return Export(
        folder, index, f"{made.message}{hint}\nAny host of files can serve the folder; to see it here: {command}"
    )


def _gradio(sampler: Sampler, folder: Path, half: bool, title: str | None) -> Export:
    given = sampler.metadata.given is not None
    if not given:
        web.check(sampler.metadata)
    title = title or (pictures.title(sampler.metadata) if given else web.TITLE)
    made = _onnx(sampler, folder, half, title, space.USE + "{}", space.header(title))
    for name, content in space.contents(given).items():
        write_text(folder / name, content)
    place = shlex.quote(str(folder))
    message = (
        f"To see it here: pip install -r {place}/requirements.txt, then python {place}/app.py\n"
        f"As a Space of Hugging Face: hf upload OWNER/NAME {place} . --repo-type space"
    )
    return Export(folder, folder / "app.py", f"{made.message}\n{message}")


def _safetensors(sampler: Sampler, folder: Path, half: bool, title: str | None) -> Export:
    sampler.save_pretrained(folder, half)
    return Export(folder, folder / WEIGHTS, _loads(folder, "apply" if sampler.metadata.given else "sample"))


def _others(sampler: BlockSampler, folder: Path, half: bool) -> Export:
    sampler.save_pretrained(folder, half)
    same = "" if half else f"\nIt draws the same {sampler.PLURAL} of the same seeds."
    return Export(folder, folder / WEIGHTS, _loads(folder) + same)


def _loads(folder: Path, verb: str = "sample") -> str:
    picture = " picture.png" if verb == "apply" else ""
    return f"ganatomy.load({str(folder)!r}) loads it; so does: ganatomy {verb} {shlex.quote(str(folder))}{picture}"


FORMS: dict[str, Callable[[Sampler, Path, bool, str | None], Export]] = {
    "onnx": _onnx,
    "web": _web,
    "gradio": _gradio,
    "safetensors": _safetensors,
}
OF_OTHERS = "safetensors"  # the one form of a generator of rows or sounds
TITLED = ("web", "gradio")  # the forms that make a page
LATENTS = {"normal": "standard_normal({shape})", "uniform": "uniform(-(3**0.5), 3**0.5, {shape})"}  # numpy's, by prior


def _use(sampler: Sampler) -> str:
    """How to draw from the graph, in Markdown."""
    metadata = sampler.metadata
    if metadata.given:
        return _use_given(metadata, metadata.given)
    shape, prior = (16, metadata.prior.dimension), metadata.prior.name
    latents = (
        f"random.{LATENTS[prior].format(shape=shape)}" if prior in LATENTS else f"...  # {shape}, of the prior {prior}"
    )
    lines = [
        "import numpy as np, onnxruntime",
        "random = np.random.default_rng(0)",
        f'session = onnxruntime.InferenceSession("{GRAPH}")',
        f"latents = {latents}",
    ]
    given = {"z": "latents.astype(np.float32)"}
    if metadata.classes:
        given["class"] = f"random.integers({len(metadata.classes)}, size=16)"
    if metadata.truncation == "styles":
        given["truncation"] = "np.ones(16, np.float32)"
    lines += [
        "inputs = {" + ", ".join(f'"{name}": {value}' for name, value in given.items()) + "}",
        f'(pixels,) = session.run(["pixels"], inputs)  # uint8 {[16, *metadata.size, metadata.channels]}',
    ]
    seeds = f'`ganatomy.load("{GRAPH}").sample(seeds=range(64))` draws the images of seeds, those of the picture above.'
    return "\n".join([*(f"    {line}" for line in lines), "", seeds])


def _use_given(metadata: Metadata, given: GivenImage) -> str:
    """How to apply the graph to a picture, in Markdown."""
    times, grey = f"{given.scale}·" if given.scale > 1 else "", metadata.channels == 1
    lines = [
        "import numpy as np, onnxruntime",
        "from PIL import Image",
        f'picture = np.asarray(Image.open("picture.png").convert("{MODES[metadata.channels]}"))'
        + ("[..., None]" if grey else ""),
        f'session = onnxruntime.InferenceSession("{GRAPH}")',
        '(pixels,) = session.run(["pixels"], {"given": picture[None]})  '
        f"# uint8 [1, {times}h, {times}w, {metadata.channels}]",
        f'Image.fromarray(pixels[0{", ..., 0" if grey else ""}]).save("drawn.png")',
    ]
    ours = f"`ganatomy apply {GRAPH} picture.png` does the same"
    ending = f"{ours}."
    if given.multiple > 1:
        ending = f"Height and width have to be multiples of {given.multiple}. {ours} with pictures of any size."
    return "\n".join([*(f"    {line}" for line in lines), "", ending])
