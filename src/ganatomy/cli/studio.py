"""ganatomy studio"""

from pathlib import Path
from typing import Annotated

import typer


def studio(
    runs: Annotated[Path, typer.Argument(help="The folder with the runs.")] = Path("runs"),
    host: Annotated[str, typer.Option(help="Where to listen; anything but this machine alone needs a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8050,
    token: Annotated[str | None, typer.Option(help="What visitors must know; one is made up if it is needed.")] = None,
    allow: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Another host name that the studio goes by.")
    ] = None,
    browse: Annotated[bool, typer.Option("--browse", help="Open it in a browser.")] = False,
) -> None:
    """Watch trainings in a browser, walk through latent space, and play in the lab."""
    from ganatomy.errors import UserError

    try:
        from ganatomy.web.studio import api as rooms
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("ganatomy"):
            raise
        raise UserError(f"The studio needs {error.name}: pip install 'ganatomy[studio]'.") from None
    rooms.studio(runs, host=host, port=port, token=token, names=allow or [], browse=browse)
