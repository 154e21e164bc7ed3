"""Device, precision, threads, processes and seeds: everything that depends on the machine.

Only this module uses torch.distributed.
"""

import contextlib
import hashlib
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import torch
import torch.distributed as dist

# Imported before any group exists, it cannot keep one in its functions' default arguments (torch 2.13 imports it later,
# by itself): a kept group's gloo threads would outlive their end below, and abort the process as it exits.
import torch.distributed.nn
from torch import Generator, Tensor
from torch.distributed.rendezvous import rendezvous

from ganatomy.errors import UserError
from ganatomy.system import whole_batch
from ganatomy.system.draws import WholeDraws
from ganatomy.system.precision import exact_float32


@dataclass(frozen=True)
class Randomness:
    """Randomness as a function of (seed, attempt, purpose, step, turn): resuming needs no hidden state.

    attempt counts roll-backs: after one, the same step draws other numbers, or it would fail the same way again.
    """

    seed: int
    attempt: int = 0

    def number(self, purpose: str, step: int = 0, turn: int = 0) -> int:
        """63 well-mixed bits (a CPU generator takes the lower 32)."""
        text = f"{self.seed}/{self.attempt}/{purpose}/{step}/{turn}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1

    def at(self, purpose: str, step: int = 0, turn: int = 0) -> Generator:
        """A CPU generator: the same draws on every device."""
        return Generator().manual_seed(self.number(purpose, step, turn))


@dataclass
class Runtime:
    """Where a method computes, in which precision, and with how many others."""

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    precision: str = "float32"
    rank: int = 0
    world: int = 1

    def autocast(self) -> AbstractContextManager:
        """A context in which products are bfloat16, if that is the precision."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16")

    def share_of(self, batch: int) -> slice:
        """This process's rows of a batch over all processes: every world-th.

        Not neighbours: image i shares a minibatch standard deviation with i + n, i + 2n, …, here as in one process.
        """
        return slice(self.rank, batch, self.world)

    @contextlib.contextmanager
    def whole_batch(self, batch: int) -> Iterator[None]:
        """A context in which draws, and means by `whole_batch.mean`, are of the batch over all processes."""
        token = whole_batch.sharing.set(self)
        try:
            with contextlib.nullcontext() if self.world == 1 else WholeDraws(self.share_of(batch)):
                yield
        finally:
            whole_batch.sharing.reset(token)

    def share(self, batch: Tensor) -> Tensor:
        """This process's rows [B / world, …] of a tensor [B, …] over all processes, on its device.

        Every process draws the whole batch and keeps its rows, so the number of processes changes no draw.
        """
        return batch[self.share_of(len(batch))].to(self.device, non_blocking=True)

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor, of any shape, by its mean over all processes: in place, in one message.

        Not DistributedDataParallel: it is built neither for double backward nor for several forwards a step.
        """
        if self.world == 1 or not tensors:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat)
        flat /= self.world
        for tensor, mean in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(mean.view_as(tensor))

    def averaged(self, record: dict[str, Tensor]) -> dict[str, Tensor]:
        """The record's scalars as means over all processes, in one message."""
        if self.world == 1 or not record:
            return record
        means = torch.stack([value.float() for value in record.values()])
        self.average([means])
        return dict(zip(record, means, strict=True))

    @torch.no_grad()
    def synchronise(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite tensors of any shape with the first process's, in place."""
        if self.world > 1:
            for tensor in tensors:
                message = tensor.contiguous()
                dist.broadcast(message, 0)
                tensor.copy_(message)

    def of_first(self, number: float) -> float:
        """The first process's number; all processes must call this."""
        message = torch.tensor(number, device=self.device)
        self.synchronise([message])
        return float(message)

    def any(self, flag: bool) -> bool:
        """Whether the flag is true in any process; all processes must call this."""
        if self.world == 1:
            return flag
        count = torch.tensor(float(flag), device=self.device)
        dist.all_reduce(count)
        return bool(count > 0)

    def seed(self, number: int) -> None:
        """Seed torch's own generators, the CPU's and the device's."""
        # Not torch.manual_seed: it notes a traceback for each kind of device that is not there, half a millisecond.
        torch.default_generator.manual_seed(number)
        if self.device.type != "cpu":
            torch.get_device_module(self.device).manual_seed(number)

    def wait(self) -> None:
        """Wait until the device has finished its work."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes files and prints."""
        return self.rank == 0


@contextlib.contextmanager
def start(device: str = "auto", threads: int = 0) -> Iterator[Runtime]:
    """Set up this process, joining the others when `torchrun` started it (gloo on CPU, NCCL on GPU).

    device: as for `choose_device`; threads: of the CPU, 0 for all cores. On a GPU, float32 is float32 and the same step
    gives the same bits: see `exact_float32`. Afterwards there are as many threads as before, and random numbers, the
    current GPU and its arithmetic are the caller's again. Raises UserError if the device is missing, or is one GPU for
    several processes.
    """
    world, rank, local = (int(os.environ.get(name, default)) for name, default in _TORCHRUN.items())
    if world > 1 and device.startswith("cuda:"):
        raise UserError(f"{device} is one GPU, and there are {world} processes: --device cuda gives each its own.")
    chosen, threads_before = choose_device(device, local), torch.get_num_threads()
    joins = world > 1 and not dist.is_initialized()
    if joins:
        # Under names of its own in torchrun's store, where the group before has left addresses that are dead.
        meeting, *_ = next(rendezvous("env://", rank, world))
        store = dist.PrefixStore(f"ganatomy/{next(_groups)}", meeting)  # type: ignore[attr-defined]
        backend = "nccl" if chosen.type == "cuda" else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=world)
    try:
        torch.set_num_threads(threads or max(1, cores() // (int(os.environ.get("LOCAL_WORLD_SIZE", 1)))))
        with contextlib.ExitStack() as stack:
            if chosen.type == "cuda":
                stack.enter_context(torch.cuda.device(chosen))
                stack.enter_context(exact_float32())
            stack.enter_context(random_kept(chosen))
            yield Runtime(chosen, rank=rank, world=world)
    finally:
        torch.set_num_threads(threads_before)
        if joins:
            dist.destroy_process_group()


@contextlib.contextmanager
def random_kept(device: torch.device) -> Iterator[None]:
    """Whatever happens inside leaves the states of torch's random numbers, the CPU's and the device's, as they were."""
    module = None if device.type == "cpu" else torch.get_device_module(device)
    here = () if device.type == "mps" else (device,)  # there is one Apple GPU
    before, on_device = torch.get_rng_state(), module and module.get_rng_state(*here)
    try:
        yield
    finally:
        torch.set_rng_state(before)
        if module:
            module.set_rng_state(on_device, *here)


_groups = itertools.count()  # of this process, one after the other
_TORCHRUN = {"WORLD_SIZE": 1, "RANK": 0, "LOCAL_RANK": 0}


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def take_share(threads: int) -> None:
    """Tell this process, as `torchrun` would, of so many others on its machine that each has so many threads."""
    os.environ["LOCAL_WORLD_SIZE"] = str(-(-cores() // threads))


def choose_device(name: str, local_rank: int = 0) -> torch.device:
    """The device by name; auto takes a CUDA GPU, then Apple's, then the CPU. Raises UserError if it is not there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise UserError("This machine (or this build of torch) has no CUDA GPU; use --device cpu.")
    if name == "mps" and not torch.backends.mps.is_available():
        raise UserError("This machine has no Apple GPU that torch can use; use --device cpu.")
    device = torch.device(name)
    if device.type != "cuda":
        return device
    index = local_rank if device.index is None else device.index
    if index >= torch.cuda.device_count():
        raise UserError(f"There is no cuda:{index}: this machine has {torch.cuda.device_count()} GPUs, counted from 0.")
    return torch.device("cuda", index)
