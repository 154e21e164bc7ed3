"""The model card: README.md beside an exported generator, with the header that Hugging Face's pages read."""

import re
from collections.abc import Sequence

from ganatomy.generators.metadata import Metadata
from ganatomy.runs.scorecard import number, readable
from ganatomy.system.wording import duration

SAMPLES = "samples.png"
KINDS = {1: "grey", 3: "colour", 4: "colour with alpha"}
UNSTATED = "not stated; whoever publishes this generator states one, which the licence of its training images allows"


def text(metadata: Metadata, use: str) -> str:
    """The card in Markdown; use: how to draw from what it lies beside, in Markdown too."""
    height, width = metadata.size
    header = [*([f"license: {metadata.licence}"] if metadata.licence else []), "library_name: ganatomy", "tags: [gan]"]
    return "\n".join(
        [
            "---",
            *header,
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
            "## Scores",
            "",
            *_scores(metadata),
            "",
            "## Use",
            "",
            use,
            "",
        ]
    )


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
    if metadata.classes:
        rows["classes"] = ", ".join(metadata.classes)
    return {**rows, "made with": metadata.made_with, "licence": metadata.licence or UNSTATED}


def _scores(metadata: Metadata) -> list[str]:
    """A table for each protocol."""
    if not metadata.measured:
        return ["Not measured: `ganatomy evaluate` does, before the export."]
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
