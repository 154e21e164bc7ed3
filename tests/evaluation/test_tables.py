"""docs/EVALUATION.md says what is registered."""

from pathlib import Path

import pytest

from ganatomy.evaluation.tables import extractor_table, metric_table

PAGE = Path(__file__).parents[2] / "docs" / "EVALUATION.md"


@pytest.mark.parametrize("table", [extractor_table, metric_table])
def test_the_tables_of_the_page_are_made_from_the_registries(table):
    assert f"\n\n{table()}\n\n" in PAGE.read_text(), f"put this in its place:\n\n{table()}"
