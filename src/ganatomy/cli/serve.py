"""ganatomy serve"""

from typing import Annotated

import typer

from ganatomy.cli.arguments import Changes, Raw, Step, how


def serve(
    place: Annotated[str, typer.Argument(metavar="RUN|FILE.onnx", help="A run, or an exported generator.")],
    host: Annotated[str, typer.Option(help="Where to listen; anything but this machine alone needs a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8000,
    backend: Annotated[
        str | None, typer.Option(help="torch, or onnx: the graph that was exported from the run.")
    ] = None,
    token: Annotated[str | None, typer.Option(help="What visitors must know; one is made up if it is needed.")] = None,
    allow: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Another host name that the server goes by.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="An accepted request is answered within.")] = 10.0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    step: Step = None,
    raw: Raw = False,
    changes: Changes = None,
) -> None:
    """Serve a generator's images over HTTP, with a page that shows a new one at every visit."""
    from ganatomy.errors import UserError

    try:
        from ganatomy.web.serve import api as serving
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("ganatomy"):
            raise
        raise UserError(f"Serving needs {error.name}: pip install 'ganatomy[serve]'.") from None
    which = how(None, step, raw, changes)
    serving.serve(
        place,
        kind=backend,
        host=host,
        port=port,
        token=token,
        names=allow or [],
        seconds=seconds,
        device=device,
        how=which,
    )
