"""Features of prepared images, kept in the cache: a large network takes hours for them."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np

from ganatomy.data.store import Images
from ganatomy.evaluation.features.extractor import Extracted, Extractor, Pixels, extract
from ganatomy.evaluation.features.registry import protocol_of
from ganatomy.system.files import READING_ARRAYS, cache_folder, replacing

CHUNK = 1024  # images read at a time


def features_of(images: Images, extractor: Extractor, progress: Callable[[str], object]) -> Extracted:
    """Features [N, D] and probabilities [N, K] of a prepared set, from the cache if they are there.

    progress: called with a sentence for each part that is read.
    """
    key = json.dumps([images.fingerprint, extractor.name, protocol_of(extractor)], sort_keys=True)
    path = cache_folder() / "features" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"
    with (
        suppress(Exception),  # numpy has errors of many kinds for damaged files; whatever it is, it is made again
        path.open("rb") as file,  # numpy would leave a damaged one open
        READING_ARRAYS,
        np.load(file, allow_pickle=False) as kept,
    ):
        return Extracted(kept["features"], kept.get("probabilities"))

    def batches() -> Iterator[Pixels]:
        for begin in range(0, len(images), CHUNK):
            progress(f"Reading real images: {begin:,} of {len(images):,}")
            yield images.pixels[begin : begin + CHUNK]

    found = extract(extractor, batches(), len(images))
    arrays = {"features": found.features}
    if found.probabilities is not None:
        arrays["probabilities"] = found.probabilities
    with suppress(OSError):  # a cache that cannot be written costs time, not the numbers
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as output:
            np.savez(output, allow_pickle=False, **arrays)
    return found
