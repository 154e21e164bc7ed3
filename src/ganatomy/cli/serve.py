"""ganatomy serve"""

from typing import Annotated

import typer

from ganatomy.cli.arguments import Allow, Changes, NoToken, On, Parts, Raw, Step, TokenFile
from ganatomy.web import BACKENDS, DEADLINE, HOST, SERVE_PORT


def serve(
    place: Annotated[
        str, typer.Argument(metavar="RUN|FILE.onnx", help="A run, or an exported generator: its file or folder.")
    ],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = SERVE_PORT,
    backend: Annotated[
        str | None,
        typer.Option(help=f"{' or '.join(BACKENDS)}; onnx: the graph exported from the run."),
    ] = None,
    token_file: TokenFile = None,
    no_token: NoToken = False,
    allow: Allow = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Every accepted request is answered within this time.")
    ] = DEADLINE,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    on: On = None,
    replicas: Annotated[
        str | None,
        typer.Option(
            metavar="N|LOW-HIGH", help="With --on: draw in so many processes, 1 if not given; 1-8: as needed."
        ),
    ] = None,
    step: Step = None,
    raw: Raw = False,
    changes: Changes = None,
    parts: Parts = None,
) -> None:
    """Serve a generator's images, rows of a table or sounds over HTTP, with a page that has others at every visit.

    One that is given an image takes pictures, and its page does.

    ganatomy serve last
    ganatomy serve generator.onnx --port 9000
    ganatomy serve last --on ray --replicas 1-8
    """
    from ganatomy.config.settings import parse_settings
    from ganatomy.system.extras import needed

    for package in ("starlette", "uvicorn", "prometheus_client"):
        needed(package, "serve", "Serving")
    from ganatomy.web.serve import api

    api.serve(
        place,
        backend_name=backend,
        host=host,
        port=port,
        token_file=token_file,
        no_token=no_token,
        allow=allow or [],
        seconds=seconds,
        device=device,
        on=on,
        replicas=replicas,
        step=step,
        raw=raw,
        changes=parse_settings(changes or []),
    )
