"""Weights in files: known by their sha256, opened only after it is checked, and never able to run code."""

import hashlib
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from ganatomy.errors import UserError
from ganatomy.system.files import cache_folder, checksum

Weights = dict[str, Tensor]


def found(path: Path | None, name: str, extractor: str, source: str) -> Path:
    """`path`, or weights/`name` in the cache; UserError, saying where to get it, if it is not there."""
    place = path or cache_folder() / "weights" / name
    if not place.is_file():
        raise UserError(f"{extractor} needs its weights in {place}, which is not there; {name} is at {source}.")
    return place


def expected(path: Path, sha256: str | None, known: str | None = None) -> str:
    """What the file must hash to: as the caller says, as PATH.sha256 says, or `known`; UserError if none is."""
    beside = path.with_name(f"{path.name}.sha256")
    if sha256 is None and beside.is_file():
        sha256 = next(iter(beside.read_text(encoding="utf-8").split()), None)  # as `sha256sum` writes it
    if not (sha256 or known):
        raise UserError(
            f"{path} has no known sha256; give the one that its publisher names, "
            f"or put it in {beside.name} beside it (`sha256sum {path.name} > {beside.name}`)."
        )
    return (sha256 or known or "").lower()


def read(path: Path, sha256: str) -> Weights:
    """The tensors of a .safetensors file, or of torch's own; UserError for another hash or anything else inside."""
    actual = checksum(path)
    if actual != sha256:
        raise UserError(
            f"{path} is not the file that was expected: its sha256 is {actual}, not {sha256}; get it again, "
            "or name the sha256 that you trust."
        )
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        # weights_only refuses everything but tensors (sound since torch 2.6, which we require); the hash comes first.
        return dict(torch.load(path, map_location="cpu", weights_only=True))  # noqa: TID251
    except Exception as error:  # both raise all sorts
        raise UserError(f"{path} does not hold plain tensors, so it is not opened; get it again.") from error


def fill(network: torch.nn.Module, weights: Weights, path: Path | str) -> None:
    """Put the weights into the network; UserError if they are another's."""
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise UserError(f"{path} holds the weights of another network.") from error


def fingerprint(weights: Weights) -> str:
    """SHA-256 of the names, shapes and values, whatever the file they came in."""
    digest = hashlib.sha256()
    for name, tensor in sorted(weights.items()):
        array = tensor.detach().cpu().numpy()
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode() + array.tobytes())
    return digest.hexdigest()
