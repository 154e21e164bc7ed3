"""The routes that draw sounds."""

import base64
import html
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from ganatomy.generators.seed_blocks import DrawnSamples
from ganatomy.generators.sounds import SoundSampler, file_of
from ganatomy.modalities.images import encoded, picture
from ganatomy.modalities.sounds import files, spectrogram
from ganatomy.web import guard
from ganatomy.web.serve.app import Endpoint
from ganatomy.web.serve.blocks import openapi
from ganatomy.web.serve.blocks.encoding import BlockEncoding
from ganatomy.web.serve.blocks.routes import BlockRoutes
from ganatomy.web.serve.encoding import zipped

ONE = ("seed", "class", "truncation")  # what a request for one sound may name


def one(rate: int, drawn: DrawnSamples) -> bytes:
    """The first of the sounds int16 [N, T], as the file that `ganatomy sample` writes."""
    return files.encoded(drawn.stored[0], rate)


def several(rate: int, drawn: DrawnSamples) -> bytes:
    """A zip of such files."""
    return zipped((files.encoded(wave, rate) for wave in drawn.stored), "wav")


class SoundRoutes(BlockRoutes):
    """Routes that draw sounds."""

    SHOWN = USUAL = 8
    MOST = 256
    REQUESTED = (1, 8, 64, 256)
    # The page has its sounds and pictures in it, which one request has drawn.
    POLICY: ClassVar[Mapping[str, str]] = {
        "content-security-policy": guard.POLICY.replace("img-src 'self'", "img-src data:; media-src data:")
    }

    def more(self) -> list[Endpoint]:
        """One sound."""
        rate = self.sampler.modality.rate
        self.one = BlockEncoding("wav", "audio/wav", partial(one, rate), "one, as `ganatomy sample` writes it", "")
        return [Endpoint("GET", "/sound.wav", self.sound, openapi.drawn(self.parser, self.one, ONE))]

    @staticmethod
    def formats(sampler: SoundSampler) -> dict[str, BlockEncoding]:
        """A zip."""
        encode = partial(several, sampler.modality.rate)
        meaning = "a zip of 0000.wav, 0001.wav, … in the order of the request, each as `ganatomy sample` writes it"
        return {"zip": BlockEncoding("zip", "application/zip", encode, meaning, "as WAV files in a zip")}

    @staticmethod
    def sample_bytes(sampler: SoundSampler) -> int:
        """Of 16 bits a sample."""
        return 2 * sampler.modality.samples

    async def sound(self, request: Request) -> Response:
        """One WAV file."""
        job = self.parser.query(request.query_params.multi_items(), 1, ONE)
        return await self.answer(job, self.one, request)

    def shown(self, drawn: DrawnSamples, kept: Sequence[tuple[str, str]]) -> str:
        """Each sound's spectrogram, a player, and its file."""
        rate, seeds = self.sampler.modality.rate, drawn.seeds.tolist()
        chosen = dict(kept).get("class")
        classes = [] if chosen is not None or not self.sampler.names else self._classes(seeds)
        figures = []
        for i, (seed, pixels) in enumerate(zip(seeds, spectrogram.picture(drawn.stored, rate), strict=True)):
            called = html.escape(f"Seed {seed:,}" + (f": {classes[i]}" if classes else ""))
            asked = html.escape(urlencode([("seed", seed), *kept]))
            seen = base64.b64encode(encoded(picture(pixels), "PNG")).decode()
            heard = base64.b64encode(files.encoded(drawn.stored[i], rate)).decode()
            figures.append(
                f'<figure><img src="data:image/png;base64,{seen}" alt="Spectrogram of seed {seed:,}">'
                f'<audio controls src="data:audio/wav;base64,{heard}" aria-label="{called}"></audio>'
                f'<figcaption><a href="sound.wav?{asked}" download="{file_of(seed)}">{called}</a>'
                "</figcaption></figure>"
            )
        return f'<div class="sounds">{"".join(figures)}</div>'

    def _classes(self, seeds: Sequence[int]) -> list[str]:
        sampler: Any = self.sampler
        return [sampler.names[label] for label in sampler.labels(seeds)]
