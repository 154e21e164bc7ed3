"""Animations as MP4, by the ffmpeg that the package imageio-ffmpeg brings (extra: video)."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganatomy.errors import UserError, first_line
from ganatomy.modalities.alpha import on_white
from ganatomy.system.extras import needed

Pixels = NDArray[np.uint8]
QUALITY = 16  # x264's crf: lower is better and larger; 18 is about as good as lossless to the eye


def ffmpeg() -> str:
    """The program. Raises UserError that says how to install it where it is missing."""
    try:
        found: str = needed("imageio_ffmpeg", "video", "An .mp4 file").get_ffmpeg_exe()
    except RuntimeError as error:
        raise UserError(f"imageio_ffmpeg has no ffmpeg for this machine ({first_line(error)}).") from error
    return found


def mp4(frames: Sequence[Pixels], seconds: float) -> bytes:
    """Frames [H, W, C] as an MP4 that lasts so many seconds, H.264, as all browsers play it.

    It knows no transparency, which is laid on white, and no odd sides, which are made even by repeating the last row
    or column. Raises UserError where ffmpeg is missing or fails.
    """
    pictures = [_opaque(frame) for frame in frames]
    height, width, _ = pictures[0].shape
    rate = f"{1000 * len(frames)}/{max(1, round(1000 * seconds))}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        shape = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", rate, "-i", "-"]
        coded = ["-c:v", "libx264", "-crf", str(QUALITY), "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(path)]
        command = [ffmpeg(), "-loglevel", "error", *shape, *coded]
        done = subprocess.run(
            command, input=b"".join(map(np.ndarray.tobytes, pictures)), capture_output=True, check=False
        )
        if done.returncode:
            raise UserError(f"ffmpeg failed: {first_line(RuntimeError(done.stderr.decode(errors='replace')))}.")
        return path.read_bytes()


def _opaque(frame: Pixels) -> Pixels:
    """A frame [H, W, C] of any channels in colour, with even sides."""
    height, width, channels = frame.shape
    frame = on_white(frame)
    frame = np.repeat(frame, 3, axis=2) if channels == 1 else frame
    return np.ascontiguousarray(np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge"))
