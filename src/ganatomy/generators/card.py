"""The model card: README.md beside an exported generator, with the header that Hugging Face's pages read."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from ganatomy.config.options import Config
from ganatomy.data.amounts import COPIED
from ganatomy.generators.metadata import GeneratorMetadata, Metadata, RowMetadata, SoundMetadata
from ganatomy.modalities.tables.schema import Schema
from ganatomy.runs.scorecard import Score, number, readable
from ganatomy.system.wording import duration

SAMPLES = "samples.png"
KINDS = {1: "grey", 3: "colour", 4: "colour with alpha"}
COPIES = "nearest_ratio"  # how the score's name begins that tells copies of training images or sounds
UNSTATED = "not stated; whoever publishes this generator states one, which the licence of its training data allows"


def text(metadata: Metadata, use: str, header: Mapping[str, Any] | None = None) -> str:
    """The card in Markdown; use: how to draw from what it lies beside, in Markdown too; header: more for its own."""
    height, width = metadata.size
    about = [
        f"![Images of seeds 0 to 63, row by row]({SAMPLES})",
        "",
        f"Draws images of {height}×{width} pixels, {KINDS[metadata.channels]}. The picture is of seeds 0 to 63.",
    ]
    rows = _rows(metadata, "images") | {
        "latent vectors": f"{metadata.prior.dimension} numbers, {metadata.prior.name}",
        "truncation": "of styles (ψ)" if metadata.truncation == "styles" else "of latent coordinates",
    }
    if metadata.classes:
        rows["classes"] = ", ".join(metadata.classes)
    measure = "`ganatomy evaluate --metrics memorisation` does, with real images that it was not trained on"
    limits = _limits(metadata, "images", measure)
    return _card(metadata, {**(header or {}), **_header(metadata)}, about, rows, limits, use)


def text_of_pairs(metadata: Metadata, use: str, header: Mapping[str, Any] | None = None) -> str:
    """The card of a generator that is given images; the arguments: as for `text`."""
    assert metadata.given is not None
    (height, width), scale = metadata.size, metadata.given.scale
    larger = f" {scale} times as high and wide" if scale > 1 else ""
    about = [f"Draws another image of one that it is given{larger}, {KINDS[metadata.channels]}."]
    rows = _rows(metadata, "pairs") | {
        "size": f"any; in training it was given {height // scale}×{width // scale} pixels and drew {height}×{width}"
    }
    own = {**(header or {}), **_header_of_any(metadata), "pipeline_tag": "image-to-image"}
    return _card(metadata, own, about, rows, _limits_of_pairs(metadata), use)


def text_of_rows(metadata: RowMetadata, schema: Schema, place: str) -> str:
    """The card of a generator of rows, in Markdown; schema: their columns; place: how its code names the folder."""
    count = len(schema.columns)
    header = {**_header_of_any(metadata), "tags": ["gan", "tabular", "synthetic-data"]}
    about = [
        f"![Histograms of the columns of 1,000 rows]({SAMPLES})",
        "",
        f"Draws rows of a table of {count:,} column{'' if count == 1 else 's'}. The picture is of seeds 0 to 999.",
    ]
    use = [
        "    import ganatomy",
        "",
        f"    generator = ganatomy.load({place!r})",
        "    rows = generator.sample(rows=1000)  # a DataFrame, of the seeds 0 to 999",
        "",
        f'`where=["COLUMN > VALUE"]` keeps such rows. On the command line: `ganatomy sample {place} --rows 1000`.',
        "",
        "## Columns",
        "",
        *(f"    {line}" for line in str(schema).splitlines()),
    ]
    return _card(metadata, header, about, _rows(metadata, "rows"), _limits_of_rows(metadata), "\n".join(use))


def text_of_sounds(metadata: SoundMetadata, config: Config, place: str) -> str:
    """The card of a generator of sounds, in Markdown; place: how its code names the folder."""
    header, data = {**_header_of_any(metadata), "tags": ["gan", "audio"]}, config.data
    heard = SAMPLES.replace(".png", ".wav")
    about = [
        f"![Spectrograms of seeds 0 to 15, row by row]({SAMPLES})",
        "",
        f"Draws sounds of {data.seconds:g} s, {data.rate:,} samples a second, mono. The picture is of seeds 0 to 15; "
        f"in [{heard}]({heard}) they follow each other.",
    ]
    rows = _rows(metadata, "sounds") | {
        "latent vectors": f"{config.prior.dimension} numbers, {config.prior.name}",
        "drawn as": f"{data.form}s",
    }
    if metadata.classes:
        rows["classes"] = ", ".join(metadata.classes)
    label = f", label={metadata.classes[0]!r}" if metadata.classes else ""
    use = [
        "    import ganatomy",
        "",
        f"    generator = ganatomy.load({place!r})",
        f"    waves = generator.sample(seeds=range(16){label})  # int16 [16, {round(data.seconds * data.rate)}]",
        "",
        f"`ganatomy sample {place} --seeds 0-15` writes WAV files.",
    ]
    limits = _limits(metadata, "sounds", "`ganatomy evaluate` does, before the export")
    return _card(metadata, header, about, rows, limits, "\n".join(use))


def _card(
    metadata: GeneratorMetadata,
    header: Mapping[str, Any],
    about: Sequence[str],
    rows: Mapping[str, str],
    limits: Iterable[str],
    use: str,
) -> str:
    """about: the picture and a sentence; rows: of the table below; use: how to draw; all in Markdown."""
    ending = {"made with": metadata.made_with, "licence": metadata.licence or UNSTATED}
    return "\n".join(
        [
            "---",
            yaml.safe_dump(dict(header), sort_keys=False, allow_unicode=True).rstrip(),
            "---",
            "",
            f"# {_cell(metadata.name)}",
            "",
            *about,
            "",
            *_table(("", ""), list({**rows, **ending}.items())),
            "",
            "## Diagnosis",
            "",
            *_diagnosis(metadata),
            "",
            "## Scores",
            "",
            *_scores(metadata),
            "",
            "## Limits",
            "",
            *(f"- {limit}" for limit in limits),
            "",
            "## Use",
            "",
            use,
            "",
        ]
    )


def _header(metadata: Metadata) -> dict[str, Any]:
    header = _header_of_any(metadata)
    return header if metadata.classes else {**header, "pipeline_tag": "unconditional-image-generation"}


def _header_of_any(metadata: GeneratorMetadata) -> dict[str, Any]:
    """What Hugging Face's pages read: https://huggingface.co/docs/hub/model-cards."""
    header: dict[str, Any] = {"license": metadata.licence} if metadata.licence else {}
    header |= {"library_name": "ganatomy", "tags": ["gan"]}
    if metadata.data.name.startswith("hf:"):
        header["datasets"] = [metadata.data.name.removeprefix("hf:")]
    return header


def _rows(metadata: GeneratorMetadata, what: str) -> dict[str, str]:
    """What is known of the training; what: samples in the plural."""
    data, training = metadata.data, metadata.training
    count = f", {data.images:,} {what}" if data.images else ""
    fingerprint = f", fingerprint {data.fingerprint[:12]}" if data.fingerprint else ""
    seen = f", {training.images:,} {what} seen" if training.images else ""
    spent = f", {duration(training.seconds)}" if training.seconds else ""
    rows = {
        "recipe": metadata.recipe,
        f"training {what}": f"{data.name}{count}{fingerprint}",
        "training": f"{metadata.step:,} steps{seen}{spent} on {training.processor or 'a machine not named'}",
        "weights": "averaged over the training" if metadata.average else "as they were trained, not averaged",
    }
    if training.epsilon is not None:
        rows["differential privacy"] = f"ε = {number(training.epsilon)}, δ = {number(training.delta)}"
    return rows


def _diagnosis(metadata: GeneratorMetadata) -> list[str]:
    """The verdict, then what its findings mean."""
    if not metadata.diagnosis:
        return ["Not known: the training left no records to diagnose."]
    verdict, *findings = map(_cell, metadata.diagnosis)
    return [f"{verdict} (`ganatomy diagnose`)", *(["", *(f"- {finding}" for finding in findings)] if findings else [])]


def _limits(metadata: GeneratorMetadata, what: str, measure: str) -> Iterator[str]:
    """what: images or sounds; measure: what measures copies, and when."""
    yield (
        f"It knows nothing but its training {what}: what is rare among them may be missing, and what is one-sided in "
        "them stays so."
    )
    count = metadata.data.images
    if count is not None and count <= COPIED:
        yield f"It learnt from only {count} {what}: copies of them are the likely result."
    measured = list(_copies(metadata))
    for name, score in measured:
        yield (
            f"Copies of training {what}: {name} {score.interval()}. Near 0, most {what} are copies; at 1, they are as "
            f"far from the training {what} as new real {what} are."
        )
    if not measured:
        yield f"Whether it repeats its training {what} was not measured: {measure}."


def _limits_of_pairs(metadata: Metadata) -> Iterator[str]:
    yield (
        "It knows nothing but its training images: of a picture unlike them, or of another size, it may draw anything."
    )
    yield (
        "What is in the drawn image and not in the given one is a guess after its training images, and no proof of "
        "what was there: a face or a number that it makes legible may be another."
    )


def _limits_of_rows(metadata: RowMetadata) -> Iterator[str]:
    yield (
        "It knows nothing but the rows that it learnt from: what is rare among them may be missing, and what is "
        "one-sided in them stays so. Rows that it draws are no proof of anything about real ones."
    )
    yield (
        "The folder itself tells of the table: schema.json has every category, and the smallest and largest number of "
        "each column; normalisation.json has modes of the numbers, or up to 5,000 of them as they are."
    )
    measured = [card.scores["copies"] for card in metadata.measured if "copies" in card.scores]
    for score in measured:
        yield f"Copies of training rows: {score.interval()} of its rows are one, in every cell."
    if not measured:
        yield "Whether it repeats its training rows was not measured: `ganatomy evaluate` does, before the export."


def _copies(metadata: GeneratorMetadata) -> Iterator[tuple[str, Score]]:
    for card in metadata.measured:
        yield from ((name, score) for name, score in card.scores.items() if name.startswith(COPIES))


def _scores(metadata: GeneratorMetadata) -> list[str]:
    """A table for each protocol."""
    if not metadata.measured:
        return ["Not measured: `ganatomy evaluate` measures them, before the export."]
    lines = [
        "In brackets the 95% interval; beside it, what real data score against each other. "
        "Comparable are only scores by one protocol."
    ]
    for card in metadata.measured:
        rows = [(name, score.interval(), number(score.floor), score.better) for name, score in card.scores.items()]
        features = card.protocol.get("features")
        lines += ["", *_table(("score", "value", "real data", "better"), rows)]
        lines += ["", _cell(f"Protocol: {card.terms}; features: {readable(features)}.")]
    return lines


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines]


def _cell(text: str) -> str:
    """Text that ends no cell and begins no tag."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;")
