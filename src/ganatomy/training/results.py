"""What is printed when a training ends."""

from rich.console import Console

from ganatomy.diagnosis import diagnose_run, wording
from ganatomy.runs.run import Run
from ganatomy.training.privacy import Guarantee

SHEETS = {"tables": "histograms ", "sounds": "sounds     "}  # how the preview is called


def resume_command(run: Run) -> str:
    """The command that resumes a run."""
    return f"ganatomy train --resume {run.address}"


def show_results(run: Run, console: Console) -> None:
    """Print what the diagnosis says of a run and what to do next, where its results are, and what to try."""
    monitor = diagnose_run(run)
    after = wording.next_step(monitor, run.info()["status"])
    for text in (f"\n{wording.sentence(monitor)}", *([after.text] if after else [])):
        console.print(text, highlight=False, soft_wrap=True)
    if kept := run.info().get("privacy"):
        console.print(f"Differential privacy of each training image: {Guarantee(**kept)}.", highlight=False)
    if not run.snapshots():
        return
    modality = run.config().modality
    commands = {f"ganatomy diagnose {run.address}": "what was wrong, since when, and what helps"}
    commands |= {"tables": _of_tables, "pairs": _of_pairs, "sounds": _of_sounds}.get(modality, _of_images)(run)
    widest = max(map(len, commands))
    grid_path = list(run.snapshots().values())[-1]
    walk = f"  latent walk   {run.path / 'walk.webp'}\n" if modality == "images" else ""
    console.print(
        f"\n{run.path} holds the results:\n"
        f"  {SHEETS.get(modality, 'sample grid')}   {grid_path}\n"
        f"{walk}"
        f"  loss chart    in the report: open it in a browser; it needs no network\n"
        f"  report        {run.path / 'report.html'}\n"
        "\nTo try next:\n" + "\n".join(f"  {command:<{widest}}  {what}" for command, what in commands.items()),
        highlight=False,
        soft_wrap=True,
    )


def _of_images(run: Run) -> dict[str, str]:
    return {
        f"ganatomy evaluate {run.address}": "scores, beside those of real images",
        f"ganatomy walk {run.address} --seeds 3,9,4": "another walk through latent space",
        f"ganatomy export {run.address} --to web": "a web page that draws images",
    }


def _of_pairs(run: Run) -> dict[str, str]:
    return {
        f"ganatomy evaluate {run.address}": "scores, beside those of a baseline and of real images",
        f"ganatomy apply {run.address} PICTURE": "what it draws of a picture, or of a folder of them",
        f"ganatomy export {run.address} --to web": "a web page that takes a picture, dropped or drawn",
    }


def _of_sounds(run: Run) -> dict[str, str]:
    return {
        f"ganatomy evaluate {run.address}": "scores, beside those of real sounds and of two baselines",
        f"ganatomy sample {run.address} --seeds 0-15": "sounds as WAV files, one a seed",
        f"ganatomy export {run.address}": "a folder that draws the same sounds",
    }


def _of_tables(run: Run) -> dict[str, str]:
    return {
        f"ganatomy evaluate {run.address}": "scores, beside those of real rows and of two baselines",
        f"ganatomy sample {run.address} --rows 1000": "rows as a CSV file, all or --where they are such",
        f"ganatomy export {run.address}": "a folder that draws the same rows",
    }
