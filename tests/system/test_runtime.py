"""Devices, threads and randomness of a process; several processes are in tests/training/test_distributed.py."""

import pytest
import torch

from ganatomy.errors import UserError
from ganatomy.system import runtime
from ganatomy.system.runtime import Randomness, Runtime


def test_randomness_follows_from_all_that_it_depends_on() -> None:
    random = Randomness(3)
    numbers = {
        each.number(purpose, step, turn)
        for each in (random, Randomness(3, attempt=1), Randomness(4))
        for purpose in ("z", "order")
        for step in range(3)
        for turn in range(2)
    }
    assert len(numbers) == 36
    assert all(0 <= number < 2**63 for number in numbers)
    draws = [torch.rand(5, generator=Randomness(3).at("z", 2)) for _ in range(2)]
    assert torch.equal(*draws)
    assert not torch.equal(draws[0], torch.rand(5, generator=random.at("z", 3)))


def test_each_process_has_its_own_rows_of_a_batch() -> None:
    batch = torch.arange(12)
    shares = [Runtime(rank=rank, world=3).share(batch) for rank in range(3)]
    assert torch.equal(torch.cat(shares), batch)
    assert [len(share) for share in shares] == [4, 4, 4]
    assert [Runtime(rank=rank, world=3).leads for rank in range(3)] == [True, False, False]


def test_one_process_changes_nothing() -> None:
    tensors = [torch.ones(2), torch.zeros(3)]
    here = Runtime()
    here.average(tensors)
    here.synchronise(tensors)
    assert [tensor.sum().item() for tensor in tensors] == [2, 0]
    assert here.any(True)
    assert not here.any(False)


def test_threads_are_as_before_afterwards() -> None:
    torch.set_num_threads(1)
    with runtime.start("cpu", threads=2) as here:
        assert here.device == torch.device("cpu")
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 1


def test_products_are_bfloat16_where_that_is_the_precision() -> None:
    matrix = torch.ones(4, 4)
    for precision, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        with Runtime(precision=precision).autocast():
            assert (matrix @ matrix).dtype == kind


@pytest.mark.parametrize(
    ("device", "sentence"),
    [
        ("cuda", "no CUDA GPU; use --device cpu"),
        ("mps", "no Apple GPU that torch can use; use --device cpu"),
        ("cuda:7", "no CUDA GPU|There is no cuda:7: this machine has"),
    ],
)
def test_a_device_that_is_not_there(device: str, sentence: str) -> None:
    if getattr(torch, device.partition(":")[0]).is_available() and ":" not in device:
        pytest.skip("it is there")
    with pytest.raises(UserError, match=sentence):
        runtime.choose_device(device)
