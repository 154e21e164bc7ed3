"""What a training on pairs of images needs before its first step."""

from rich.console import Console

from ganatomy.config.options import DataOptions
from ganatomy.data.pairs import Pairs, pairs_of
from ganatomy.data.store import Images
from ganatomy.modalities.pair_modality import PREVIEWED, PairModality


def prepare_pairs(images: Images, options: DataOptions, console: Console) -> Pairs:
    """The pairs that options make of images. Raises UserError where they cannot be made."""
    pairs = pairs_of(images, options)
    _, height, width = pairs.shape
    _, low, narrow = pairs.shape.given
    console.print(f"Pairs: {low}×{narrow} pixels are given, made of {height}×{width} ({pairs.filter})", highlight=False)
    return pairs


def modality_of(pairs: Pairs, held_out: Pairs | None) -> PairModality:
    """Pairs as a modality; its preview shows held-out ones, where there are any."""
    shown = held_out or pairs
    return PairModality(*shown.at(shown.evenly(PREVIEWED)))
