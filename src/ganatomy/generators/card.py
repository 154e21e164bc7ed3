"""The model card: README.md beside an exported generator, with the header that Hugging Face's pages read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from ganatomy.data.amounts import COPIED
from ganatomy.generators.metadata import Metadata
from ganatomy.runs.scorecard import Score, number, readable
from ganatomy.system.wording import duration

SAMPLES = "samples.png"
KINDS = {1: "grey", 3: "colour", 4: "colour with alpha"}
COPIES = "nearest_ratio_"  # how the score's name begins that tells copies of training images
UNSTATED = "not stated; whoever publishes this generator states one, which the licence of its training images allows"


def text(metadata: Metadata, use: str, header: Mapping[str, Any] | None = None) -> str:
    """The card in Markdown; use: how to draw from what it lies beside, in Markdown too; header: more for its own."""
    height, width = metadata.size
    return "\n".join(
        [
            "---",
            yaml.safe_dump({**(header or {}), **_header(metadata)}, sort_keys=False, allow_unicode=True).rstrip(),
            "---",
            "",
            f"# {_cell(metadata.name)}",
            "",
            f"![Images of seeds 0 to 63, row by row]({SAMPLES})",
            "",
            f"Draws images of {height}×{width} pixels, {KINDS[metadata.channels]}. The picture is of seeds 0 to 63.",
            "",
            *_table(("", ""), list(_rows(metadata).items())),
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
            *(f"- {limit}" for limit in _limits(metadata)),
            "",
            "## Use",
            "",
            use,
            "",
        ]
    )


def _header(metadata: Metadata) -> dict[str, Any]:
    """What Hugging Face's pages read: https://huggingface.co/docs/hub/model-cards."""
    header: dict[str, Any] = {"license": metadata.licence} if metadata.licence else {}
    header |= {"library_name": "ganatomy", "tags": ["gan"]}
    if not metadata.classes:
        header["pipeline_tag"] = "unconditional-image-generation"
    if metadata.data.name.startswith("hf:"):
        header["datasets"] = [metadata.data.name.removeprefix("hf:")]
    return header


def _rows(metadata: Metadata) -> dict[str, str]:
    data, training = metadata.data, metadata.training
    images = f", {data.images:,} images" if data.images else ""
    fingerprint = f", fingerprint {data.fingerprint[:12]}" if data.fingerprint else ""
    seen = f", {training.images:,} images seen" if training.images else ""
    spent = f", {duration(training.seconds)}" if training.seconds else ""
    rows = {
        "recipe": metadata.recipe,
        "training images": f"{data.name}{images}{fingerprint}",
        "training": f"{metadata.step:,} steps{seen}{spent} on {training.processor or 'a machine not named'}",
        "weights": "averaged over the training" if metadata.average else "as they were trained, not averaged",
        "latent vectors": f"{metadata.prior.dimension} numbers, {metadata.prior.name}",
        "truncation": "of styles (ψ)" if metadata.truncation == "styles" else "of latent coordinates",
    }
    if training.epsilon is not None:
        rows["differential privacy"] = f"ε = {number(training.epsilon)}, δ = {number(training.delta)}"
    if metadata.classes:
        rows["classes"] = ", ".join(metadata.classes)
    return {**rows, "made with": metadata.made_with, "licence": metadata.licence or UNSTATED}


def _diagnosis(metadata: Metadata) -> list[str]:
    """The verdict, then what its findings mean."""
    if not metadata.diagnosis:
        return ["Not known: the training left no records to diagnose."]
    verdict, *findings = map(_cell, metadata.diagnosis)
    return [f"{verdict} (`ganatomy diagnose`)", *(["", *(f"- {finding}" for finding in findings)] if findings else [])]


def _limits(metadata: Metadata) -> Iterator[str]:
    height, width = metadata.size
    yield (
        f"It draws images of {height}×{width} pixels and knows nothing but its training images: what is rare among "
        "them may be missing, and what is one-sided in them stays so."
    )
    images = metadata.data.images
    if images is not None and images <= COPIED:
        yield f"It learnt from only {images} images: copies of them are the likely result."
    measured = list(_copies(metadata))
    for name, score in measured:
        yield (
            f"Copies of training images: {name} {score.interval()}. Near 0, most images are copies; at 1, they are as "
            "far from the training images as new real images are."
        )
    if not measured:
        yield (
            "Whether it repeats its training images was not measured: `ganatomy evaluate --metrics memorisation` does, "
            "with real images that it was not trained on."
        )


def _copies(metadata: Metadata) -> Iterator[tuple[str, Score]]:
    for card in metadata.measured:
        yield from ((name, score) for name, score in card.scores.items() if name.startswith(COPIES))


def _scores(metadata: Metadata) -> list[str]:
    """A table for each protocol."""
    if not metadata.measured:
        return ["Not measured: `ganatomy evaluate` measures them, before the export."]
    lines = [
        "In brackets the 95% interval; beside it, what real images score against each other. "
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
