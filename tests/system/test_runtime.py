"""Devices, threads and randomness of a process; several processes are in tests/training/test_distributed.py."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

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
    assert [share.tolist() for share in shares] == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]
    assert [Runtime(rank=rank, world=3).leads for rank in range(3)] == [True, False, False]


def drawn(place: Runtime, draw: Callable[[int], torch.Tensor]) -> torch.Tensor:
    """What a layer draws for the rows that this process has of 12, in that order."""
    torch.manual_seed(5)
    with place.whole_batch(12):
        return draw(12 // place.world)


DRAWS: list[Callable[[int], torch.Tensor]] = [
    lambda rows: torch.rand(rows, 2),
    lambda rows: torch.randn((rows, 2)),
    lambda rows: torch.randn(size=(rows, 2)),
    lambda rows: torch.randint(10, (rows, 2)),
    lambda rows: torch.rand_like(torch.empty(rows, 2)),
    lambda rows: torch.empty(rows, 1, 3, 3).normal_(),
    lambda rows: torch.full((rows, 2), 0.5).bernoulli(),
    lambda rows: F.dropout(torch.ones(rows, 4), 0.5),
    lambda rows: F.dropout(torch.ones(rows, 4), 0.5, inplace=True),
    lambda rows: torch.nn.Dropout2d(0.5)(torch.ones(rows, 4, 2, 2)),
    lambda rows: torch.nn.AlphaDropout(0.5)(torch.ones(rows, 4)),
    lambda rows: torch.nn.RReLU()(-torch.ones(rows, 4)),
    lambda rows: torch.cat([torch.rand(rows, 1), torch.rand(()).expand(rows, 1), torch.rand(rows, 1)], 1),
]


@pytest.mark.parametrize("draw", DRAWS)
def test_a_layer_draws_in_each_process_what_it_draws_in_one(draw: Callable[[int], torch.Tensor]) -> None:
    one = drawn(Runtime(), draw)
    for world in (2, 3):
        for rank in range(world):
            place = Runtime(rank=rank, world=world)
            assert torch.equal(drawn(place, draw), place.share(one)), (world, rank)


def test_the_gradient_of_a_dropout_is_that_of_one_process() -> None:
    def slopes(place: Runtime) -> torch.Tensor:
        x = torch.full((12 // place.world, 5), 3.0, requires_grad=True)
        drawn(place, lambda rows: F.dropout(x, 0.4)).square().sum().backward()
        assert x.grad is not None
        return x.grad

    second = Runtime(rank=1, world=2)
    assert torch.equal(slopes(second), second.share(slopes(Runtime())))
    assert 0 < (slopes(second) == 0).float().mean() < 1


def test_draws_with_a_generator_of_their_own_are_left_alone() -> None:
    place, random = Runtime(rank=1, world=2), torch.Generator().manual_seed(3)
    with place.whole_batch(12):
        found = torch.rand(6, generator=random)
    assert torch.equal(found, torch.rand(6, generator=torch.Generator().manual_seed(3)))


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


def test_one_gpu_is_not_shared_by_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match="cuda:1 is one GPU, and there are 2 processes: --device cuda"):
        runtime.start("cuda:1").__enter__()


def test_a_process_without_a_gpu_of_its_own_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [runtime.choose_device("cuda", local) for local in (0, 1)] == [torch.device("cuda", i) for i in (0, 1)]
    with pytest.raises(UserError, match="There is no cuda:2: this machine has 2 GPUs"):
        runtime.choose_device("cuda", local_rank=2)
