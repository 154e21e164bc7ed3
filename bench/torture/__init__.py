"""`make torture`: what a training survives: kills, flipped bits, full disks, rivals, a clock that goes backwards."""

import os
import tempfile
from pathlib import Path

import torch

from bench.measure import Row
from bench.torture.disks import full_disks
from bench.torture.flips import flipped_bits
from bench.torture.kills import killed
from bench.torture.made import Workshop
from bench.torture.rivals import backwards_clock, killed_rank, two_processes


def torture() -> list[Row]:
    """One row a kind of harm, in a folder of its own. Six minutes on two cores."""
    torch.set_num_threads(1)  # the numbers of two trainings are compared to the bit; and processes are forked
    before = os.environ.get("GANATOMY_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        shop = Workshop(Path(folder))
        try:
            harms = (killed, flipped_bits, full_disks, killed_rank, two_processes, backwards_clock)
            return [row for harm in harms for row in harm(shop)]
        finally:
            os.environ.pop("GANATOMY_CACHE")
            if before is not None:
                os.environ["GANATOMY_CACHE"] = before
