"""What is printed when a training ends."""

from rich.console import Console

from ganatomy.diagnosis import diagnose_run, wording
from ganatomy.runs.run import Run


def resume_command(run: Run) -> str:
    """The command that resumes a run."""
    return f"ganatomy train --resume {run.address}"


def show_results(run: Run, console: Console) -> None:
    """Print what the diagnosis says of a run and what to do next, where its results are, and what to try."""
    monitor = diagnose_run(run)
    after = wording.next_step(monitor, run.info()["status"])
    for text in (f"\n{wording.sentence(monitor)}", *([after.text] if after else [])):
        console.print(text, highlight=False, soft_wrap=True)
    if not run.snapshots():
        return
    commands = {
        f"ganatomy diagnose {run.address}": "what was wrong, since when, and what helps",
        f"ganatomy evaluate {run.address}": "scores, beside those of real images",
        f"ganatomy walk {run.address} --seeds 3,9,4": "another walk through latent space",
        f"ganatomy export {run.address} --to web": "a web page that draws images",
    }
    widest = max(map(len, commands))
    grid_path = list(run.snapshots().values())[-1]
    console.print(
        f"\n{run.path} holds the results:\n"
        f"  sample grid   {grid_path}\n"
        f"  latent walk   {run.path / 'walk.webp'}\n"
        f"  loss chart    in the report: open it in a browser; it needs no network\n"
        f"  report        {run.path / 'report.html'}\n"
        "\nTo try next:\n" + "\n".join(f"  {command:<{widest}}  {what}" for command, what in commands.items()),
        highlight=False,
        soft_wrap=True,
    )
