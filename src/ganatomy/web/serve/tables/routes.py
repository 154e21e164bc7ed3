"""The routes that draw rows."""

import html
from collections.abc import Mapping, Sequence

from ganatomy.generators.rows import USUAL, RowSampler, TooFewRowsError
from ganatomy.generators.seed_blocks import DrawnSamples
from ganatomy.web.serve.blocks.encoding import BlockEncoding
from ganatomy.web.serve.blocks.routes import BlockRoutes
from ganatomy.web.serve.tables.encoding import as_table, formats
from ganatomy.web.serve.tables.requests import RowParser

CELL = 32  # bytes of a cell's text, about


class RowRoutes(BlockRoutes):
    """Routes that draw rows of a table."""

    PARSER = RowParser
    SHOWN = 10
    USUAL = USUAL
    MOST = 10_000
    REQUESTED = (1, 10, 100, 1000, 10_000)
    ASKED = "Ask for"

    @staticmethod
    def formats(sampler: RowSampler) -> dict[str, BlockEncoding]:
        """JSON and CSV."""
        return formats(sampler.modality.schema)

    @staticmethod
    def sample_bytes(sampler: RowSampler) -> int:
        """Of a row's text, about."""
        return CELL * len(sampler.modality.schema.columns)

    def shown(self, drawn: DrawnSamples, kept: Sequence[tuple[str, str]]) -> str:
        """A table."""
        return f'<div class="scrolled">{as_table(self.sampler.modality.schema, drawn)}</div>'

    def fields(self, values: Mapping[str, str]) -> str:
        """What each row must be."""
        example = html.escape(f"{self.sampler.modality.schema.columns[0].name} = …")
        value = html.escape(values.get("where", ""))
        return f'<label>Only rows with <input name="where" placeholder="{example}" value="{value}"></label>'

    def status(self, error: Exception) -> int:
        """404 where too few rows are such, otherwise 400."""
        return 404 if isinstance(error, TooFewRowsError) else 400
