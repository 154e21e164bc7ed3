"""Generators outside of runs: a folder with weights, a graph, a repository of Hugging Face's.

Whoever wrote them, they are checked before they are loaded, and no code of theirs runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ganatomy import build
from ganatomy.config import settings
from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.generators.pretrained import graph, hub, weights
from ganatomy.generators.pretrained.facts import Facts

GRAPH = "model.onnx"
# Options that may be changed after the training: the weights stay what they are.
OF_SAMPLING = ("diffusion.sampler", "diffusion.sampling_steps", "generator.sampling_steps")


@dataclass(frozen=True)
class Pretrained:
    """A trained generator with all that is known of it.

    network   z [B, latent_dim] and class weights [B, K] or None → images [B, C, H, W]
    home      the folder it came from
    config    what the network can be rebuilt from; None of an ONNX graph
    """

    network: nn.Module
    facts: Facts
    home: Path
    config: Config | None


def find(place: str | Path) -> Path | None:
    """Where the generator is that `place` names; None if that is no exported file or folder, nor hf:owner/name."""
    if str(place).startswith("hf:"):
        return hub.download(str(place)[3:])
    path = Path(place)
    if path.suffix in (".onnx", ".safetensors"):
        if not path.is_file():
            raise UserError(f"There is no file {path}.")
        return path if path.suffix == ".onnx" else path.parent
    if (path / "run.json").exists():
        return None
    return next((found for name, found in _signs(path).items() if (path / name).is_file()), None)


def load(path: Path, changes: Mapping[str, Any]) -> Pretrained:
    """The generator that `find` found; changes: of the options of sampling, by name."""
    if path.suffix == ".onnx":
        if changes:
            raise UserError(f"{path} is a finished graph: nothing in it can be --set.")
        facts, network = graph.read(path)
        return Pretrained(network, facts, path.parent, None)
    facts, config, tensors = weights.read(path)
    return Pretrained(filled(config, facts, tensors, path, changes), facts, path, config)


def filled(
    config: Config, facts: Facts, tensors: dict[str, Any], source: str | Path, changes: Mapping[str, Any]
) -> nn.Module:
    """The network of a configuration, changed as to sampling, with its weights; UserError if these are another's."""
    for name in changes:
        if name not in OF_SAMPLING:
            raise UserError(f"--set {name}: of a trained generator only {', '.join(OF_SAMPLING)} can be changed.")
    network = build.generator(settings.change(config, changes) if changes else config, facts.image)
    try:
        network.load_state_dict(tensors)
    except RuntimeError:
        raise UserError(f"{source}: the configuration describes another generator than the weights are of.") from None
    return network


def _signs(path: Path) -> dict[str, Path]:
    """The files by which a folder with a generator is known, and what to read there."""
    return {weights.CONFIG: path, GRAPH: path / GRAPH}
