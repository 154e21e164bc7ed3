"""ganatomy data inspect | prepare"""

import json
from typing import Annotated

import typer

from ganatomy.cli.arguments import Parts
from ganatomy.cli.verb import Verb

app = typer.Typer(help="Look at data before training on it.", no_args_is_help=True)

DataPath = Annotated[str, typer.Argument(metavar="DATA", help="{data.path}")]
Split = Annotated[str, typer.Option(help="{data.split}")]
ClassesFrom = Annotated[int | None, typer.Option(metavar="LEVEL", help="{data.classes_from}")]


@app.command(cls=Verb)
def inspect(
    path: DataPath,
    split: Split = "train",
    classes_from: ClassesFrom = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    parts: Parts = None,
) -> None:
    """Print what is there (counts, sizes, modes, broken files, duplicates; a table's columns) and what to do about it.

    ganatomy data inspect cats/
    ganatomy data inspect cats.zip --json
    ganatomy data inspect people.csv
    ganatomy data inspect drums/

    Raises UserError for an option that the data do not have.
    """
    from ganatomy.data import inspect as look
    from ganatomy.data import sound_inspection
    from ganatomy.data.recognition import modality_of
    from ganatomy.errors import UserError
    from ganatomy.modalities.tables import files
    from ganatomy.modalities.tables.schema import Schema
    from ganatomy.system.terminal import show

    if files.is_table(path):
        if split != "train" or classes_from is not None:
            raise UserError(f"--split and --classes-from are for images: {path} is a table.")
        schema = Schema.of(files.read(path))
        show(schema.model_dump_json(indent=2) if as_json else f"{path}\n{schema}")
        return
    if modality_of(path) == "sounds":
        if split != "train" or classes_from is not None:
            raise UserError(f"--split and --classes-from are for images: {path} holds sounds.")
        about = sound_inspection.inspect(path)
        show(json.dumps(about.to_dict(), indent=2, ensure_ascii=False) if as_json else about)
        return
    found = look(path, split, classes_from=classes_from)
    show(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) if as_json else found)


@app.command(cls=Verb)
def prepare(
    path: DataPath,
    size: Annotated[str | None, typer.Option(metavar="N or HxW", help="{data.size}")] = None,
    channels: Annotated[int | None, typer.Option(help="{data.channels}")] = None,
    fit: Annotated[str | None, typer.Option(metavar="crop|pad|stretch", help="{data.fit}")] = None,
    padding: Annotated[str | None, typer.Option(metavar="background|border", help="{data.padding}")] = None,
    limits: Annotated[str | None, typer.Option("--range", metavar="LOW,HIGH", help="{data.range}")] = None,
    split: Split = "train",
    classes_from: ClassesFrom = None,
    parts: Parts = None,
) -> None:
    """Decode the images once into the cache, as `train` does before its first step; the next training uses them so.

    ganatomy data prepare cats/ --size 64
    """
    from ganatomy.config.options import Config
    from ganatomy.config.settings import change
    from ganatomy.data.choices import remember
    from ganatomy.system.terminal import Terminal, show
    from ganatomy.training.prepare import prepare_images

    flags = {
        "size": size,
        "channels": channels,
        "fit": fit,
        "padding": padding,
        "range": limits,
        "classes_from": classes_from,
    }
    given = {name: value for name, value in flags.items() if value is not None}
    changes = {"data.path": path, "data.split": split, **{f"data.{name}": value for name, value in given.items()}}
    options = change(Config(), changes).data
    images = prepare_images(options, Terminal())
    remember(path, split, options.model_dump(mode="json", include=set(given)))
    show(f"Content {images.fingerprint[:16]}, in the cache for every later training.")
