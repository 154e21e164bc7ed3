"""What `ganatomy serve` needs for a generator whose samples are drawn in blocks."""

from typing import Any

from ganatomy.errors import UserError
from ganatomy.generators.kinds import FoundGenerator
from ganatomy.web.serve.blocks.dispatcher import BlockDispatcher
from ganatomy.web.serve.blocks.routes import BlockRoutes
from ganatomy.web.serve.metrics import ServerMetrics

MAX_BYTES = 8 * 2**20  # of the samples of one request


def check(found: FoundGenerator, options: dict[str, object]) -> None:
    """Raises UserError where an option is given, by its name, that goes with images alone."""
    if given := [name for name, value in options.items() if value]:
        raise UserError(
            f"{given[0]} goes with images from seeds: {found.kind.DRAWS} are drawn in the server's own process."
        )


def routes(
    kind: type[BlockRoutes], sampler: Any, name: str, seconds: float, *, max_body: int, token: bool
) -> BlockRoutes:
    """The routes of a generator; name: for the page; the other arguments: as for `serve` and `BlockRoutes`.

    Raises UserError for a generator that is too slow.
    """
    formats, size, metrics = (
        kind.formats(sampler),
        kind.sample_bytes(sampler),
        ServerMetrics(sampler.PLURAL, kind.REQUESTED),
    )
    usual = next(iter(formats.values()))
    dispatcher = BlockDispatcher(sampler, size, usual.encode, seconds, metrics.count_batch)
    most = int(seconds / 2 / dispatcher.seconds_per_sample)
    parser = kind.PARSER(sampler, formats, kind.USUAL, max(1, min(kind.MOST, MAX_BYTES // size, most)), most)
    named = sampler.PLURAL.capitalize()
    metrics.add_gauge("waiting", f"{named} accepted and not ready.", lambda: dispatcher.waiting)
    metrics.add_gauge("held_bytes", f"{named} not yet sent, {size:,} bytes each.", lambda: dispatcher.held)
    return kind(name, parser, dispatcher, formats, metrics, max_body, token)


def summary(made: BlockRoutes) -> str:
    """How samples are drawn, in one line for people."""
    plural = made.sampler.PLURAL
    return (
        f"{plural.capitalize()} are those of `ganatomy sample`, bit for bit; "
        f"{1 / made.dispatcher.seconds_per_sample:,.0f} {plural}/s. Ctrl-C stops the server."
    )
