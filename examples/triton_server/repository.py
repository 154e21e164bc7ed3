"""An exported graph as a model repository of the Triton Inference Server, which serves it from many machines.

    python examples/triton_server/repository.py runs/digits-001/exports/onnx/model.onnx models --name digits
    docker run --rm -p 8000:8000 -v "$PWD/models:/models" nvcr.io/nvidia/tritonserver:RELEASE-py3 \
        tritonserver --model-repository=/models

Triton gathers the requests of up to BATCH images that arrive within DELAY. docs/EXPORT.md has the client's side.
"""

import argparse
import re
from pathlib import Path

from ganatomy.errors import UserError
from ganatomy.generators.graph import Rows, check, inputs, outputs

TYPES = {"FLOAT": "TYPE_FP32", "INT64": "TYPE_INT64", "UINT8": "TYPE_UINT8"}
BATCH = 64
DELAY = 2000  # microseconds


def write(graph: Path, repository: Path, name: str) -> Path:
    """Write REPOSITORY/NAME/1/model.onnx and REPOSITORY/NAME/config.pbtxt; returns the folder of the model."""
    if not re.fullmatch(r"[\w.-]+", name):
        raise UserError(f"{name!r} cannot name a model: use letters, digits, dots, dashes and underscores.")
    content = graph.read_bytes()
    metadata = check(content, graph)
    folder = repository / name
    (folder / "1").mkdir(parents=True, exist_ok=True)
    (folder / "1" / "model.onnx").write_bytes(content)
    (folder / "config.pbtxt").write_text(configuration(name, inputs(metadata), outputs(metadata)), encoding="utf-8")
    return folder


def configuration(name: str, inputs: Rows, outputs: Rows) -> str:
    """config.pbtxt as text: the first dimension of every input and output is the batch, which it leaves out."""
    return f"""name: "{name}"
backend: "onnxruntime"
max_batch_size: {BATCH}
dynamic_batching {{ max_queue_delay_microseconds: {DELAY} }}
input [
{_listed(inputs)}
]
output [
{_listed(outputs)}
]
"""


def _listed(rows: Rows) -> str:
    return ",\n".join(
        f'  {{ name: "{name}" data_type: {TYPES[kind]} {_dimensions(shape)} }}' for name, (kind, shape) in rows.items()
    )


def _dimensions(shape: list[int]) -> str:
    """Rows of one number have no dimensions, but Triton's requests always have some."""
    return f"dims: {shape}" if shape else "dims: [1] reshape: { shape: [] }"


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a Triton model repository from an exported ONNX graph.")
    parser.add_argument("graph", type=Path, help="model.onnx, as `ganatomy export --to onnx` writes it")
    parser.add_argument("repository", type=Path, help="folder of the model repository; made if it is not there")
    parser.add_argument("--name", default="generator", help="the model's name")
    given = parser.parse_args()
    try:
        print(write(given.graph, given.repository, given.name))
    except (UserError, OSError) as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
