"""Setting up a process and leaving it as it was."""

import torch

from ganatomy.system import runtime


def test_threads_are_as_many_as_before() -> None:
    before = torch.get_num_threads()
    with runtime.start("cpu", threads=before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
