"""The model card: README.md beside an exported generator, with the header that Hugging Face's pages read."""

import re
from collections.abc import Sequence

from ganatomy.generators.pretrained.facts import Facts
from ganatomy.runs.scorecard import number, readable
from ganatomy.system.wording import duration

SAMPLES = "samples.png"
KINDS = {1: "grey", 3: "colour", 4: "colour with alpha"}
UNSTATED = "not stated; whoever publishes this generator states one, which the licence of its training images allows"


def text(facts: Facts, use: str) -> str:
    """The card in Markdown; use: how to draw from what it lies beside, in Markdown too."""
    height, width = facts.size
    header = [*([f"license: {facts.licence}"] if facts.licence else []), "library_name: ganatomy", "tags: [gan]"]
    return "\n".join(
        [
            "---",
            *header,
            "---",
            "",
            f"# {_cell(facts.name)}",
            "",
            f"![Images of seeds 0 to 63, row by row]({SAMPLES})",
            "",
            f"Draws images of {height}×{width} pixels, {KINDS[facts.channels]}. The picture is of seeds 0 to 63.",
            "",
            *_table(("", ""), list(_rows(facts).items())),
            "",
            "## Scores",
            "",
            *_scores(facts),
            "",
            "## Use",
            "",
            use,
            "",
        ]
    )


def _rows(facts: Facts) -> dict[str, str]:
    data, training = facts.data, facts.training
    images = f", {data.images:,} images" if data.images else ""
    fingerprint = f", fingerprint {data.fingerprint[:12]}" if data.fingerprint else ""
    seen = f", {training.images:,} images seen" if training.images else ""
    spent = f", {duration(training.seconds)}" if training.seconds else ""
    rows = {
        "recipe": facts.recipe,
        "training images": f"{data.name}{images}{fingerprint}",
        "training": f"{facts.step:,} steps{seen}{spent} on {training.processor or 'a machine not named'}",
        "weights": "averaged over the training" if facts.average else "as they were trained, not averaged",
        "latent vectors": f"{facts.prior.dimension} numbers, {facts.prior.name}",
        "truncation": "of styles (ψ)" if facts.truncation == "styles" else "of latent coordinates",
    }
    if facts.classes:
        rows["classes"] = ", ".join(facts.classes)
    return {**rows, "made with": facts.made_with, "licence": facts.licence or UNSTATED}


def _scores(facts: Facts) -> list[str]:
    """A table for each protocol."""
    if not facts.measured:
        return ["Not measured: `ganatomy evaluate` does, before the export."]
    lines = [
        "In brackets the 95% interval; beside it, what real images score against each other. "
        "Comparable are only scores by one protocol."
    ]
    for card in facts.measured:
        rows = [(name, score.interval(), number(score.floor), score.better) for name, score in card.scores.items()]
        features = card.protocol.get("features")
        lines += ["", *_table(("score", "value", "real data", "better"), rows)]
        lines += ["", _cell(f"Protocol: {card.terms}; features: {readable(features)}.")]
    return lines


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines]


def _cell(words: str) -> str:
    """Text that ends no cell and begins no tag."""
    return re.sub(r"\s+", " ", words).replace("|", "\\|").replace("<", "&lt;")
