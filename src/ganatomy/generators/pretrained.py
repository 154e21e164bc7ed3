"""Generators outside of runs: a folder with weights, an ONNX graph, a repository of Hugging Face.

Anyone may have written them: they are checked before they are loaded, and no code of theirs runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ganatomy import build
from ganatomy.config import inactive, reference, settings
from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.generators import graph, hub, weights
from ganatomy.generators.metadata import Metadata
from ganatomy.system.options import OfSampling

GRAPH = "model.onnx"


@dataclass(frozen=True)
class Pretrained:
    """A trained generator.

    network   z [B, latent_dim] and class weights [B, K] or None → images [B, C, H, W]
    home      the folder it came from
    config    what the network can be rebuilt from; None of an ONNX graph
    """

    network: nn.Module
    metadata: Metadata
    home: Path
    config: Config | None


def find(place: str | Path) -> Path | None:
    """The file or folder of the generator that `place` names; None if that is no exported one, nor hf:owner/name.

    Raises UserError for a file that is not there, and for a repository that cannot be downloaded.
    """
    if str(place).startswith("hf:"):
        return hub.download(str(place)[3:])
    path = Path(place)
    if path.suffix in (".onnx", ".safetensors"):
        if not path.is_file():
            raise UserError(f"There is no file {path}.")
        return path if path.suffix == ".onnx" else path.parent
    if (path / "run.json").exists():
        return None
    if (path / weights.CONFIG).is_file():
        return path
    return path / GRAPH if (path / GRAPH).is_file() else None


def check_one(place: str | Path, step: int | None, raw: bool) -> None:
    """Raises UserError where a generator is chosen as among those of a run: an exported one is the only one."""
    if step is not None or raw:
        raise UserError(f"{place} holds one generator; --step and --raw choose among those of a run.")


def load(path: Path, changes: Mapping[str, Any]) -> Pretrained:
    """The generator that `find` found; changes: of the options that only sampling depends on, by name.

    Raises UserError where the file is not what it should be.
    """
    if path.suffix == ".onnx":
        if changes:
            raise UserError(f"{path} is a finished graph: --set cannot change it.")
        metadata, network = graph.read(path)
        return Pretrained(network, metadata, path.parent, None)
    metadata, config, tensors = weights.read(path)
    return Pretrained(rebuilt(config, metadata.image, tensors, path, changes), metadata, path, config)


def rebuilt(
    config: Config, image: build.SampleShape, tensors: dict[str, Tensor], source: str | Path, changes: Mapping[str, Any]
) -> nn.Module:
    """The network of a configuration, with its weights by name and each of its shape; changes: as for `load`.

    Raises UserError for changes of other options, and for weights of another network.
    """
    able = [name for name, field in reference.options() if any(isinstance(mark, OfSampling) for mark in field.metadata)]
    for name in changes:
        if name not in able:
            raise UserError(f"--set {name}: after training only {', '.join(able)} can be changed.")
    changed = settings.change(config, changes) if changes else config
    inactive.check(changed, changes)
    network = build.generator(changed, image)
    try:
        network.load_state_dict(tensors)
    except RuntimeError:
        raise UserError(f"{source}: the configuration describes another generator than the weights are of.") from None
    return network
