"""ganatomy studio"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import Allow, NoToken, Parts, TokenFile
from ganatomy.web import HOST, STUDIO_PORT


def studio(
    runs: Annotated[Path, typer.Argument(help="The folder with the runs.")] = Path("runs"),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = STUDIO_PORT,
    token_file: TokenFile = None,
    no_token: NoToken = False,
    allow: Allow = None,
    browse: Annotated[bool, typer.Option("--browse", help="Open the studio in a browser.")] = False,
    parts: Parts = None,
) -> None:
    """Watch trainings in a browser, explore latent space, and play with the theory in the lab.

    ganatomy studio
    ganatomy studio runs/ --browse
    """
    from ganatomy.system.extras import needed

    for package in ("starlette", "uvicorn"):
        needed(package, "studio", "The studio")
    from ganatomy.web.studio import api

    api.studio(
        runs,
        host=host,
        port=port,
        token_file=token_file,
        no_token=no_token,
        allow=allow or [],
        browse=browse,
    )
