"""An exported generator of rows: a folder with its weights, the table's columns, and how they were normalised.

Anyone may have written it: it is checked before it is loaded, and no code of theirs runs.
"""

from pathlib import Path

from torch import Tensor, nn

from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.generators import weights
from ganatomy.generators.metadata import RowMetadata
from ganatomy.modalities.tables.checks import check
from ganatomy.modalities.tables.table_modality import NORMALISATION, SCHEMA, TableModality

FILES = (weights.CONFIG, weights.WEIGHTS, SCHEMA, NORMALISATION)
LONGEST = 2**22  # bytes of config.json: it counts the rows of each category


def is_of_rows(found: Path) -> bool:
    """Whether an exported folder, as `pretrained.find` finds it, draws rows."""
    return (found / SCHEMA).is_file()


def write(
    folder: Path, network: nn.Module, config: Config, metadata: RowMetadata, modality: TableModality, half: bool = False
) -> None:
    """Write the four files; half: round weights to float16. Raises UserError where one is too large for that."""
    weights.write(folder, network, config, metadata, half)
    modality.write(folder)


def read(folder: Path) -> tuple[RowMetadata, Config, TableModality, dict[str, Tensor]]:
    """What `write` left, the weights by name, each of the shape that the network of config.json has.

    Raises UserError where the folder does not hold just that.
    """
    path = folder / weights.CONFIG
    values = weights.described(path, LONGEST)
    metadata, config = RowMetadata.parse(values.get("facts"), path), weights.config_of(values, path)
    if config.modality != "tables":
        raise UserError(f"{path} describes a generator of {config.modality}, and {SCHEMA} beside it a table.")
    modality = TableModality.read(folder)
    check(modality, folder)
    if config.prior.classes and len(config.prior.classes) != len(modality.cells):
        raise UserError(
            f"{path} counts {len(config.prior.classes)} cells, and {SCHEMA} beside it names {len(modality.cells)}."
        )
    return metadata, config, modality, weights.tensors(folder, config, modality.shape)
