"""The run at a glance."""
from pathlib import Path
from ganatomy.run import Run
def write(run: Run) -> Path:
    path = run.path / "report.html"
    return path
