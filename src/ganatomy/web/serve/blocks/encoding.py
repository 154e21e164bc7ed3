"""Ways to send samples."""

from dataclasses import dataclass

from ganatomy.web.serve.blocks.dispatcher import Encode


@dataclass(frozen=True)
class BlockEncoding:
    """A way to send samples.

    name      how requests call it
    meaning   what a client receives, for the description of the server
    words     what a link to it offers, behind the samples that it has
    """

    name: str
    media_type: str
    encode: Encode
    meaning: str
    words: str
