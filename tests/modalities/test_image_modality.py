"""Images as a modality: shapes, both forms, and the preview in a run's folder."""

from pathlib import Path

import numpy as np
import torch
from numpy.testing import assert_array_equal
from PIL import Image

from ganatomy.modalities.image_modality import ImageModality
from ganatomy.runs.run import Run
from tiny import quick, waves


def test_an_image_is_channels_height_and_width_and_comes_back_as_pixels() -> None:
    modality = ImageModality(3, 16, 20)
    outputs = torch.full((2, 3, 16, 20), 1.0)
    outputs[0] = -2.0  # beyond the range
    assert modality.shape == (3, 16, 20)
    assert_array_equal(modality.stored(outputs), np.stack([np.zeros((16, 20, 3)), np.full((16, 20, 3), 255)]))


def test_a_run_previews_its_data_and_its_samples_as_grids(tmp_path: Path) -> None:
    np.save(tmp_path / "waves.npy", waves(40, 16, 20, 1))
    run: Run = quick(tmp_path / "waves.npy", tmp_path, training__steps=1, diagnosis__on=False)
    # 40 and 64 images in rows of 7 and 8, 2 pixels apart, enlarged to at least 480 pixels of height.
    for path, expected in (
        (run.at("reals.png"), (5 * (7 * 22 + 2), 5 * (6 * 18 + 2))),
        (run.snapshots()[1], (4 * (8 * 22 + 2), 4 * (8 * 18 + 2))),
    ):
        with Image.open(path) as picture:
            assert picture.size == expected
