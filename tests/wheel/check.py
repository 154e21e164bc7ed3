"""Build the wheel, install it with its demo extra into an empty environment outside the checkout, and run the demo."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, **options: object) -> None:
    """Show the command and run it; a failure ends the check."""
    print("+", *command, flush=True)
    subprocess.run(command, check=True, **options)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place / "dist", ROOT)
        (wheel,) = (place / "dist").glob("*.whl")
        run(sys.executable, ROOT / "tools" / "environment.py", place / "environment", "torch", "demo", "--wheel", wheel)
        bin_folder = place / "environment" / ("Scripts" if os.name == "nt" else "bin")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        home = {**clean, "GANATOMY_CACHE": str(place / "cache")}
        run(bin_folder / "ganatomy", "demo", "--minutes", "0.2", cwd=place, env=home)
        made = place / "runs" / "digits-001"
        for name in ("report.html", "walk.webp", "reals.png", "config.yaml", "metrics.jsonl", "checkpoints/last"):
            assert (made / name).stat().st_size > 0, f"the demo made no {name}"
        run(bin_folder / "ganatomy", "sample", "last", "--seeds", "0-3", cwd=place, env=home)
        assert len(list((made / "generated").glob("seed-*.png"))) == 4
        run(bin_folder / "ganatomy", "evaluate", "last", "--n", "200", cwd=place, env=home)
        run(bin_folder / "ganatomy", "data", "inspect", "emoji", cwd=place, env=home)
        assert len(list((made / "eval").glob("*-lenet-200.json"))) == 1, "lenet is not in the wheel"
    print("The wheel works on its own.")


if __name__ == "__main__":
    main()
