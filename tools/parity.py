"""`make parity`: our scores against torch-fidelity's, on the same images, in an environment of their own.

Makes .venv-vision unless it is there, and runs parity_scores.py and the tests of Inception, DINOv2 and MobileNetV2 in
it. Writes tools/results/parity.json, and tests/golden/fidelity.json for the ordinary tests. Ends with status 1 if a
score differs.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".venv-vision"
VERSIONS = (
    *("torch==2.14.1", "torchvision==0.29.1", "torch-fidelity==0.4.0", "timm==1.0.31"),
    *("pytest==9.2.0", "hypothesis==6.170.15"),
)


def main() -> int:
    python = PLACE / ("Scripts" if os.name == "nt" else "bin") / "python"
    ready = PLACE / "ready"
    if not ready.is_file() or ready.read_text() != str(VERSIONS):
        venv.create(PLACE, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *VERSIONS, "--editable", ROOT], check=True)
        ready.write_text(str(VERSIONS))
    compared = subprocess.run([python, Path(__file__).with_name("parity_scores.py")])
    # Tests beside the networks of torch-fidelity, timm and torchvision, which the ordinary environment skips.
    files = [f"tests/evaluation/features/test_{name}.py" for name in ("inception", "dinov2", "mobilenetv2")]
    tested = subprocess.run([python, "-m", "pytest", *files], cwd=ROOT)
    return compared.returncode or tested.returncode


if __name__ == "__main__":
    sys.exit(main())
