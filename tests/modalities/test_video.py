"""MP4 files: decoded again by the same ffmpeg, where the extra is installed; one sentence where it is not."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ganatomy.errors import UserError
from ganatomy.modalities import video
from ganatomy.modalities.images import check_animation, save_animation


def test_without_the_extra_one_sentence_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(UserError, match=r"^An \.mp4 file needs imageio_ffmpeg: pip install 'ganatomy\[video\]'\.$"):
        check_animation(tmp_path / "walk.mp4")
    with pytest.raises(UserError, match=r"is written as \.webp, \.gif or \.mp4"):
        check_animation(tmp_path / "walk.avi")
    check_animation(tmp_path / "walk.GIF")


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_frames_come_back(channels: int, tmp_path: Path) -> None:
    """Within what chroma at half the resolution loses; odd sides are made even, transparency is white."""
    pytest.importorskip("imageio_ffmpeg")
    y, x = np.mgrid[:35, :41]
    waves = [
        np.stack([127 * (np.sin(x / 9 + i / 3) + 1), 127 * (np.cos(y / 9) + 1), 0 * x + 20 * i], 2) for i in range(9)
    ]
    frames = [frame.astype(np.uint8)[..., :channels] for frame in waves]
    if channels == 4:
        frames = [np.dstack([frame.astype(np.uint8), np.full_like(x, 255, np.uint8)]) for frame in waves]
        for frame in frames:
            frame[:10, :, 3] = 0
    save_animation(tmp_path / "waves.mp4", frames, 1.5)
    command = [
        video.ffmpeg(),
        "-loglevel",
        "error",
        "-i",
        tmp_path / "waves.mp4",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ]
    decoded = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.uint8)
    decoded = decoded.reshape(9, 36, 42, 3)[:, :35, :41].astype(float)
    expected = np.stack(frames)[..., :3].astype(float)
    if channels == 4:
        expected[:, :10] = 255
    assert np.abs(decoded - expected).mean() < 6
    facts = subprocess.run([video.ffmpeg(), "-i", tmp_path / "waves.mp4"], capture_output=True, check=False).stderr
    assert b"Duration: 00:00:01.50" in facts
