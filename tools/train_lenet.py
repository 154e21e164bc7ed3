"""Make the package's digit classifier: `python tools/train_lenet.py MNIST`, a folder with the four IDX files.

Writes lenet.safetensors and lenet.json in src/ganatomy/evaluation/features/, unless it reads fewer than 98.5% of the
test digits. About four minutes on one core.
"""

import hashlib
import json
import platform
import sys
import tempfile

import numpy as np
import safetensors.torch
import torch

from ganatomy import data
from ganatomy.evaluation.features import classifier, lenet
from ganatomy.evaluation.features.extractor import extract
from ganatomy.evaluation.features.network import NetworkExtractor

EPOCHS = 7
LEAST = 0.985


def main(folder: str) -> None:
    torch.set_num_threads(1)  # another number would add in another order
    with tempfile.TemporaryDirectory() as cache:
        digits, test = (data.prepare(folder, split=split, cache=cache) for split in ("train", "test"))
        assert digits.classes == test.classes == [str(digit) for digit in range(10)]
        padded = np.pad(digits.pixels, ((0, 0), (2, 2), (2, 2), (0, 0)))
        examples = EPOCHS * len(digits)
        network = lenet.LeNet()
        network.classifier = classifier.train(padded, digits.labels, 10, np.arange(len(padded)), examples)
        read = extract(NetworkExtractor("lenet", network, {}), [test.pixels], len(test))
        accuracy = float((read.probabilities.argmax(1) == test.labels).mean())
    print(f"{accuracy:.2%} of {len(test):,} test digits")
    if accuracy < LEAST:
        sys.exit(f"That is below {LEAST:.1%}: nothing was written.")
    content = safetensors.torch.save(
        {name: value.contiguous() for name, value in network.classifier.state_dict().items()}
    )
    lenet.FILE.write_bytes(content)
    facts = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "test_accuracy": accuracy,
        "test_images": len(test),
        "architecture": str(network.classifier).splitlines(),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "made_by": "tools/train_lenet.py, from MNIST's 60,000 training digits with a black border of 2 pixels",
        "examples": examples,
        "recipe": classifier.RECIPE,
        "torch": torch.__version__,
        "processor": platform.machine(),
    }
    lenet.FILE.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
