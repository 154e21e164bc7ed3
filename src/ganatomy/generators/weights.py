"""A folder with model.safetensors and config.json: a generator's weights, and what rebuilds the network they fill."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ganatomy import build
from ganatomy.config import settings
from ganatomy.config.options import OF_SOUNDS, Config
from ganatomy.errors import UserError
from ganatomy.gan.penalties import DISTANCES
from ganatomy.generators.metadata import GeneratorMetadata, Metadata, scale_of
from ganatomy.modalities.tables.table_modality import SCHEMA
from ganatomy.system.files import write_bytes, write_text

WEIGHTS, CONFIG = "model.safetensors", "config.json"
LONGEST = 2**18  # bytes of config.json
LONGEST_OF_ROWS = 2**22  # bytes of it beside a table's columns: it counts the rows of each category
LARGEST = 2**32  # bytes of a generator's tensors
HEADER = 2**20  # bytes of the file beside its tensors
# The options that a generator is rebuilt from. The others are of its training, or private: where the samples lay.
REBUILDS: Any = {
    **dict.fromkeys(("recipe", "method", "prior", "generator", "discriminator", "vae", "diffusion"), True),
    "data": {"size", "channels", "scale", *OF_SOUNDS},
    "penalties": set(DISTANCES),  # without one there is no regression
}


def write(folder: Path, network: nn.Module, config: Config, metadata: GeneratorMetadata, half: bool = False) -> None:
    """Write both files; half: round numbers to float16. Raises UserError where one is too large for that."""
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    if half:
        tensors = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
        _check_finite(tensors, "--half: in 16 bits")
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / WEIGHTS, safetensors.torch.save(tensors, {"format": "pt"}))
    options = config.model_dump(mode="json", include=REBUILDS)
    text = json.dumps({"facts": metadata.model_dump(mode="json"), "config": options}, indent=2, ensure_ascii=False)
    write_text(folder / CONFIG, text + "\n")


def read(folder: Path) -> tuple[Metadata, Config, dict[str, Tensor]]:
    """Metadata, configuration and weights by name, each of the shape that the network of config.json has.

    Raises UserError where the folder does not hold just these.

    The file's header is compared with that network before a tensor is read: a stranger's file cannot make us
    allocate memory beyond its own size, and none of it runs.
    """
    path = folder / CONFIG
    values = described(path)
    metadata, config = Metadata.parse(values.get("facts"), path), config_of(values, path)
    known = (metadata.prior, metadata.size, metadata.channels, metadata.given and metadata.given.scale)
    if known != (config.prior, config.data.size, config.data.channels, scale_of(config)):
        raise UserError(f"{path} contradicts itself: its facts and its config are of different generators.")
    return metadata, config, tensors(folder, config, metadata.image)


def modality(found: Path) -> str:
    """What is drawn by the generator that `pretrained.find` found. Raises UserError where its file does not say so."""
    if found.suffix == ".onnx":
        return "images"
    path = found / CONFIG
    return config_of(described(path), path).modality


def config_of(values: dict[str, Any], path: Path) -> Config:
    """The configuration that rebuilds the network, out of what is `described`. Raises UserError where it is none."""
    return settings.from_dict(values.get("config") or {}, str(path))


def tensors(folder: Path, config: Config, shape: build.SampleShape) -> dict[str, Tensor]:
    """The weights by name, each of the shape that the network of a configuration has; shape: of its samples.

    Raises UserError where they are of another network, or not finite.
    """
    build.check(config)
    with torch.device("meta"):
        expected = build.generator(config, shape).state_dict()
    found = _tensors(folder / WEIGHTS, expected)
    _check_finite(found, str(folder / WEIGHTS))
    return found


def described(path: Path) -> dict[str, Any]:
    """What config.json says: facts and config. Raises UserError where it is too long, or is not such a file."""
    longest = LONGEST_OF_ROWS if (path.parent / SCHEMA).is_file() else LONGEST
    try:
        if path.stat().st_size > longest:
            raise UserError(f"{path} is too long for a configuration: it has more than {longest:,} bytes.")
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise UserError(f"{path} is not JSON.") from None
    if not isinstance(values, dict) or "facts" not in values:
        raise UserError(f"{path} does not describe a generator of Ganatomy: `ganatomy export --to safetensors` does.")
    return values


def _tensors(path: Path, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    size = sum(tensor.nbytes for tensor in expected.values())
    if size > LARGEST:
        raise UserError(f"{path} would take {size / 2**30:,.0f} GiB; no more than {LARGEST / 2**30:,.0f} are loaded.")
    if not path.is_file():  # a pipe would keep its reader waiting for ever
        raise UserError(f"There is no file {path}.")
    try:
        if path.stat().st_size > size + HEADER:
            raise UserError(f"{path} is larger than the network that its {CONFIG} describes.")
        with safe_open(path, "pt") as file:
            found = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 (it is no dictionary)
            if found.keys() != expected.keys():
                odd = min(found.keys() ^ expected.keys())
                raise UserError(f"{path} does not fit its {CONFIG}: {odd} is in one of them only.")
            for name, tensor in expected.items():
                if found[name].get_shape() != list(tensor.shape) or found[name].get_dtype() not in _kinds(tensor):
                    raise UserError(f"{path} does not fit its {CONFIG}: {name} has another shape or type.")
        return safetensors.torch.load_file(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from None
    except SafetensorError as error:
        raise UserError(f"{path} is no safetensors file: {error}.") from None


def _kinds(tensor: Tensor) -> tuple[str, ...]:
    """The types that a tensor may be stored in, as safetensors writes them."""
    return ("F32", "F16") if tensor.is_floating_point() else ("I64",)


def _check_finite(tensors: Mapping[str, Tensor], source: str) -> None:
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise UserError(f"{source}: {name} has numbers that are not finite.")
