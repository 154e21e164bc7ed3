"""The preview of pairs: rows of given images, drawn ones and targets."""

from pathlib import Path

import numpy as np
from PIL import Image

from ganatomy.modalities.pair_modality import PairModality


def test_a_preview_has_rows_of_given_images_drawn_ones_and_targets(tmp_path: Path) -> None:
    given, targets = np.full((5, 4, 6, 1), 10, np.uint8), np.full((5, 8, 12, 1), 200, np.uint8)
    modality = PairModality(given, targets)
    assert modality.shape == (1, 8, 12)
    assert modality.shape.given == (1, 4, 6)
    modality.preview(tmp_path / "drawn.png", np.full((5, 8, 12, 1), 90, np.uint8))
    modality.preview_real(tmp_path / "reals.png", targets)
    for name, greys in (("drawn.png", [10, 90, 200]), ("reals.png", [10, 200])):
        sheet = np.asarray(Image.open(tmp_path / name))
        times = sheet.shape[0] // ((8 + 2) * len(greys) + 2)
        assert sheet.shape == (times * (10 * len(greys) + 2), times * (14 * 5 + 2))
        middles = sheet[times * 6 :: times * 10, times * 8 :: times * 14]
        assert middles.tolist() == [[grey] * 5 for grey in greys]
