"""Record R3GAN's published networks: `python record_r3.py CHECKOUT > r3.json`.

CHECKOUT is the authors' repository (brownvc/R3GAN at 19a7ddf). Its networks run as they are, in float32 on a CPU, by
the plain-torch way that their fused operations take there: no stage is switched to bfloat16 (its training.networks does
that), and two modules stand in for imports: an empty `requests`, which only its downloads need, and a
`conv2d_gradfix` whose convolution is torch's, because the original asks for the removed `pkg_resources`.

Configurations are those of its train.py, and a small one whose options all differ. Weights and inputs are drawn here,
from numpy, and drawn again by tests/networks/test_r3.py, in one order: the basis; then, from input to output, each
convolution and matrix, its bias behind it. A class embedding is at the generator's input and at the discriminator's
output.
"""

import importlib
import json
import sys
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

CIFAR = {"image": [3, 32, 32], "widths": [768] * 4, "blocks": [2] * 4, "cardinality": [96] * 4}
NARROWING = [768, 768, 768, 768, 384, 192, 96], [96, 96, 96, 96, 48, 24, 12]
FFHQ_64 = {"image": [3, 64, 64], "widths": NARROWING[0][:5], "blocks": [2] * 5, "cardinality": NARROWING[1][:5]}
FFHQ_256 = {"image": [3, 256, 256], "widths": NARROWING[0], "blocks": [2] * 7, "cardinality": NARROWING[1]}
IMAGENET_32 = {"image": [3, 32, 32], "widths": [1536] * 4, "blocks": [2] * 4, "cardinality": [96] * 4}
IMAGENET_64 = {"image": [3, 64, 64], "widths": [1536] * 5, "blocks": [2] * 5, "cardinality": [96] * 5}
SMALL = {"image": [3, 16, 16], "widths": [12, 20, 8], "blocks": [1, 3, 2], "cardinality": [4, 5, 8]}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "small": SMALL | {"latent_dim": 5, "classes": 0, "expansion": 3, "kernel": 5},
    "small conditional": SMALL | {"latent_dim": 5, "classes": 4, "expansion": 2, "kernel": 3},
    "CIFAR-10": CIFAR | {"latent_dim": 64, "classes": 10, "expansion": 2, "kernel": 3},
    "CIFAR-10 without classes": CIFAR | {"latent_dim": 64, "classes": 0, "expansion": 2, "kernel": 3},
    "FFHQ-64": FFHQ_64 | {"latent_dim": 64, "classes": 0, "expansion": 2, "kernel": 3},
    "FFHQ-256": FFHQ_256 | {"latent_dim": 64, "classes": 0, "expansion": 2, "kernel": 3},
    "ImageNet-32": IMAGENET_32 | {"latent_dim": 64, "classes": 1000, "expansion": 2, "kernel": 3},
    "ImageNet-64": IMAGENET_64 | {"latent_dim": 64, "classes": 1000, "expansion": 2, "kernel": 3},
}
COMPUTED = {"small": 3, "small conditional": 3, "CIFAR-10": 2}  # inputs of each; of the others, parameters are counted
ENTRIES = 2000  # outputs that have more values are recorded at equal steps


def fill(parameters: Iterable[Tensor], seed: int) -> None:
    """Overwrite parameters: uniform of mean 0 and variance 1 / fan-in, or 1/12 for biases. None stays at zero."""
    random = np.random.RandomState(seed)
    with torch.no_grad():
        for parameter in parameters:
            bound = (3 / parameter.shape[1:].numel()) ** 0.5 if parameter.dim() > 1 else 0.5
            parameter.copy_(torch.from_numpy(random.uniform(-bound, bound, tuple(parameter.shape))))


def inputs(configuration: dict[str, Any], count: int) -> tuple[Tensor, Tensor, Tensor | None]:
    """z, images and classes of a batch; the last class is a mixture of all."""
    random = np.random.RandomState(3)
    z = random.standard_normal((count, configuration["latent_dim"]))
    images = random.uniform(-1, 1, (count, *configuration["image"]))
    classes = configuration["classes"]
    y = np.eye(classes)[:count] if classes else np.empty(0)
    if classes:
        y[-1] = np.arange(1, classes + 1) / np.arange(1, classes + 1).sum()
    draws = [torch.from_numpy(each).float() for each in (z, images, y)]
    return draws[0], draws[1], draws[2] if classes else None


def thinned(outputs: Tensor) -> list[float]:
    """The values that are recorded, to seven digits."""
    values = outputs.detach().flatten()
    return [float(f"{value:.7g}") for value in values[:: max(1, len(values) // ENTRIES)].tolist()]


def reference(checkout: str) -> ModuleType:
    """The authors' module of networks."""
    gradfix = ModuleType("torch_utils.ops.conv2d_gradfix")
    gradfix.conv2d = nn.functional.conv2d  # type: ignore[attr-defined]
    sys.modules |= {"requests": ModuleType("requests"), gradfix.__name__: gradfix}
    sys.path.insert(0, checkout)
    return importlib.import_module("R3GAN.Networks")


def build(networks: ModuleType, configuration: dict[str, Any]) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator; train.py reverses the lists for the latter and chooses these embeddings."""
    lists = [configuration[name] for name in ("widths", "cardinality", "blocks")]
    expansion, kernel, latent_dim = (configuration[name] for name in ("expansion", "kernel", "latent_dim"))
    options = [{"KernelSize": kernel}, {"KernelSize": kernel}]
    if configuration["classes"]:
        for each, embedding in zip(options, (latent_dim, lists[0][0]), strict=True):
            each |= {"ConditionDimension": configuration["classes"], "ConditionEmbeddingDimension": embedding}
    generator = networks.Generator(latent_dim, *lists, expansion, **options[0])
    discriminator = networks.Discriminator(*(each[::-1] for each in lists), expansion, **options[1])
    return generator, discriminator


def in_order(network: nn.Module, networks: ModuleType) -> Iterator[Tensor]:
    """The parameters in the order of the docstring."""
    layers = [layer for stage in network.MainLayers for layer in stage.Layers]
    generator = isinstance(network, networks.Generator)
    basis = layers[0] if generator else layers[-1]
    embedding = [network.EmbeddingLayer.weight] if hasattr(network, "EmbeddingLayer") else []
    yield basis.Basis if generator else basis.Basis.weight
    yield from [*embedding, basis.LinearLayer.weight] if generator else [network.ExtractionLayer.Layer.weight]
    for layer in layers:
        if isinstance(layer, networks.ResidualBlock):
            yield from (layer.LinearLayer1.Layer.weight, layer.NonLinearity1.Bias)
            yield from (layer.LinearLayer2.Layer.weight, layer.NonLinearity2.Bias)
            yield layer.LinearLayer3.Layer.weight
        elif layer is not basis and hasattr(layer, "LinearLayer"):
            yield layer.LinearLayer.Layer.weight
    yield from [network.AggregationLayer.Layer.weight] if generator else [basis.LinearLayer.weight, *embedding]


def main(checkout: str) -> None:
    networks, recorded = reference(checkout), []
    for name, configuration in CONFIGURATIONS.items():
        with torch.device("cpu" if name in COMPUTED else "meta"):
            generator, discriminator = build(networks, configuration)
        counts = [sum(parameter.numel() for parameter in net.parameters()) for net in (generator, discriminator)]
        record = {"name": name, "options": configuration, "parameters": counts}
        if name in COMPUTED:
            for seed, network in enumerate((generator, discriminator), 1):
                ordered = list(in_order(network, networks))
                assert {id(each) for each in ordered} == {id(each) for each in network.parameters()}
                fill(ordered, seed)
            z, images, y = inputs(configuration, COMPUTED[name])
            with torch.no_grad():
                record["images"] = thinned(generator(z, y))
                record["scores"] = thinned(discriminator(images, y))
        recorded.append(record)
    print("[\n" + ",\n".join(json.dumps(record) for record in recorded) + "\n]")


if __name__ == "__main__":
    main(sys.argv[1])
