"""Tables in files: CSV, TSV and Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ganatomy.errors import UserError, first_line, unknown
from ganatomy.system.extras import needed
from ganatomy.system.files import explained, replacing

if TYPE_CHECKING:
    import pandas as pd

TEXT = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
PARQUET = (".parquet",)
SEPARATORS = (",", ";", "\t", "|")  # the first one where several would do
LOOKED_AT = 20  # lines by which a separator is found
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
WHOLE = r"[+-]?\d+"
ZEROS = r"[+-]?0\d"  # a postcode, a telephone number: as a number it would lose its zeros


def is_table(path: str | os.PathLike[str]) -> bool:
    """Whether a path has the ending of a table's file."""
    return os.fspath(path).lower().endswith((*TEXT, *PARQUET))


def read(path: str | os.PathLike[str], leave_out: Sequence[str] = ()) -> pd.DataFrame:
    """The table in a CSV, TSV (gzipped or not) or Parquet file; leave_out: names of columns.

    The first line of a text file names the columns; the separator, one of SEPARATORS, is found. Text of digits is a
    number unless it begins with a zero that a number would lose; what is empty or NA, NaN, null, … is missing.
    Raises UserError for what is no such file.
    """
    place = Path(path).expanduser()
    if not place.is_file():
        raise UserError(f"There is no file {os.fspath(path)}.")
    name = place.name.lower()
    if name.endswith(PARQUET):
        frame = _parquet(place)
    elif name.endswith(TEXT):
        frame = _text(place)
    else:
        raise UserError(f"{place} is no table: give a file that ends in {', '.join((*TEXT, *PARQUET))}.")
    for column in leave_out:
        if column not in frame.columns:
            raise unknown(f"column in {place}", column, map(str, frame.columns))
    return frame.drop(columns=[*leave_out])


def write(path: str | os.PathLike[str], frame: pd.DataFrame) -> None:
    """Write a table, whole or not at all, in the format of the path's ending; missing cells of text files are empty.

    Raises UserError for another ending, and where nothing can be written.
    """
    place = Path(path).expanduser()
    name = place.name.lower()
    if not is_table(place):
        raise UserError(f"{place}: a table is written as {', '.join((*TEXT, *PARQUET))}.")
    if name.endswith(PARQUET):
        needed("pyarrow", "tables", str(place))
    with explained(place.parent), replacing(place, durable=False) as file:
        if name.endswith(PARQUET):
            frame.to_parquet(file, engine="pyarrow", index=False)
        else:
            content = csv_of(frame, "\t" if ".tsv" in name else ",")
            file.write(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)


def csv_of(frame: pd.DataFrame, separator: str = ",") -> bytes:
    """A table as a CSV file has it: its first line names the columns; missing cells are empty."""
    text: str = frame.to_csv(index=False, sep=separator, lineterminator="\n")
    return text.encode()


def _parquet(place: Path) -> pd.DataFrame:
    pandas = needed("pandas", "tables", str(place))
    needed("pyarrow", "tables", str(place))
    try:
        return pandas.read_parquet(place, engine="pyarrow")
    except Exception as error:  # pyarrow has many kinds of errors
        raise UserError(f"{place} cannot be read as Parquet ({first_line(error)}).") from error


def _opened(place: Path) -> IO[str]:
    if place.suffix.lower() == ".gz":
        return io.TextIOWrapper(gzip.open(place), encoding="utf-8-sig", newline="")  # type: ignore[arg-type]
    return open(place, encoding="utf-8-sig", newline="")


def _text(place: Path) -> pd.DataFrame:
    pandas = needed("pandas", "tables", str(place))
    try:
        with _opened(place) as file:
            lines = [line for line, _ in zip(file, range(LOOKED_AT), strict=False)]
        if not any(line.strip() for line in lines):
            raise UserError(f"{place} is empty.")
        separator = _separator(lines)
        names = _names(next(csv.reader(lines, delimiter=separator)), place)
        with _opened(place) as file, warnings.catch_warnings():
            warnings.simplefilter("error")  # of lines that are longer than the first one
            frame = pandas.read_csv(
                file, sep=separator, header=0, names=names, index_col=False, dtype=str, skip_blank_lines=len(names) > 1
            )
    except UnicodeDecodeError as error:
        raise UserError(f"{place} is not text in UTF-8 (byte {error.start:,}): save it as UTF-8.") from error
    except (pandas.errors.ParserError, pandas.errors.ParserWarning, pandas.errors.EmptyDataError, csv.Error) as error:
        raise UserError(f"{place} cannot be read as a table: {first_line(error)}.") from error
    except (EOFError, gzip.BadGzipFile) as error:
        raise UserError(f"{place} cannot be unpacked ({first_line(error)}).") from error
    if len(names) > 1 and frame[names[-1]].isna().any():
        _check_whole(place, separator, len(names))
    return pandas.DataFrame({name: _typed(frame[name]) for name in names})


def _check_whole(place: Path, separator: str, fields: int) -> None:
    """Raises UserError for a line of fewer fields than the first one: pandas would take the others for missing."""
    with _opened(place) as file:
        rows = csv.reader(file, delimiter=separator)
        for row in rows:
            if 0 < len(row) < fields:
                raise UserError(f"{place}: line {rows.line_num:,} has {len(row)} fields, the first one {fields}.")


def _separator(lines: Sequence[str]) -> str:
    """The separator by which lines have as many fields as the first one, and most of them."""

    def fields(separator: str) -> int:
        counts = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
        whole = counts if len(counts) < LOOKED_AT else counts[:-1]  # a quoted field may go on
        return counts[0] if all(count == counts[0] for count in whole) else 1

    return max(SEPARATORS, key=fields)


def _names(names: list[str], place: Path) -> list[str]:
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise UserError(f"{place}: two columns are called {twice[0]!r}; the first line must name each column.")
    return names


def _typed(cells: pd.Series) -> pd.Series:
    """Text as the numbers that it is, if all of it is; whole numbers beside missing cells as Int64."""
    pandas = needed("pandas", "tables", "A table")
    there = cells.dropna()
    if there.empty or not there.str.fullmatch(NUMBER).all() or there.str.match(ZEROS).any():
        return cells
    whole = bool(there.str.fullmatch(WHOLE).all())
    numbers: Any = pandas.to_numeric(there, errors="coerce")
    if numbers.isna().any() or (whole and numbers.dtype.kind not in "iu"):  # more digits than a number has
        return cells
    if len(there) == len(cells):
        return numbers
    if whole:
        numbers = numbers.astype("Int64" if numbers.dtype.kind == "i" else "UInt64")
    return numbers.reindex(cells.index)
