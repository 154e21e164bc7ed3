"""What a training on pairs of images needs before its first step."""

from rich.console import Console

from ganatomy.config.options import DataOptions
from ganatomy.data.pairs import Load, Pairs, pairs_of
from ganatomy.data.store import Images
from ganatomy.modalities.pair_modality import PREVIEWED, PairModality


def prepare_pairs(images: Images, options: DataOptions, load: Load, console: Console) -> Pairs:
    """The pairs that options make of images; load: as for `pairs_of`. Raises UserError where they cannot be made."""
    pairs = pairs_of(images, options, load)
    console.print(f"Pairs: {pairs.words}", highlight=False)
    return pairs


def modality_of(pairs: Pairs, held_out: Pairs | None) -> PairModality:
    """Pairs as a modality; its preview shows held-out ones, where there are any."""
    shown = held_out or pairs
    return PairModality(*shown.at(shown.evenly(PREVIEWED)), paired=pairs.paired)
