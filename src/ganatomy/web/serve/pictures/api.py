"""What `ganatomy serve` needs for a generator that is given images."""

from ganatomy.errors import UserError
from ganatomy.generators.image_to_image import ImageToImage
from ganatomy.web.serve.metrics import ServerMetrics
from ganatomy.web.serve.pictures.dispatcher import PictureDispatcher
from ganatomy.web.serve.pictures.routes import PictureRoutes


def routes(sampler: ImageToImage, seconds: float, on: str | None, token: bool) -> PictureRoutes:
    """The routes of a generator; the other arguments: as for `serve` and `PictureRoutes`.

    Raises UserError for one that is too slow, and for `on`.
    """
    if on is not None:
        raise UserError("--on goes with images from seeds: pictures are drawn in the server's own process.")
    metrics = ServerMetrics("pictures", (1,))
    dispatcher = PictureDispatcher(sampler, seconds, metrics.count_batch)
    metrics.add_gauge("waiting", "Pixels of pictures accepted and not ready.", lambda: dispatcher.waiting)
    metrics.add_gauge("held_bytes", "Files received, and pixels not yet sent, in bytes.", lambda: dispatcher.held)
    return PictureRoutes(dispatcher, metrics, token)


def summary(made: PictureRoutes) -> str:
    """How pictures are drawn, in one line for people."""
    dispatcher = made.dispatcher
    return (
        f"Pictures are drawn as by `ganatomy apply`, byte for byte, of up to {dispatcher.most:,} pixels; "
        f"{1 / dispatcher.seconds_per_pixel:,.0f} pixels/s. Ctrl-C stops the server."
    )
