"""Tables in files: what is written is read again, and what is no table is refused in one sentence."""

import gzip
import sys

import numpy as np
import pandas as pd
import pytest

from ganatomy.errors import UserError
from ganatomy.modalities.tables.files import is_table, read, write

FRAME = pd.DataFrame(
    {
        "whole": [1, -2, 3000000000],
        "cents": [0.1, 2.25, -1e-7],
        "holes": pd.array([1, None, 3], "Int64"),
        "float holes": [0.5, np.nan, 2.0],
        "text": ["a,b", 'say "c"\nd', "Ä"],
        "postcode": ["00123", "12345", "01000"],
        "day": ["2020-01-01", "2020-02-29", "1999-12-31"],
        "empty": pd.Series([None] * 3, dtype="str"),
    }
)


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".csv.gz", ".TSV.GZ", ".parquet"])
def test_what_is_written_is_read_again(tmp_path, ending: str) -> None:
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"table{ending}"
    write(path, FRAME)
    assert is_table(path)
    pd.testing.assert_frame_equal(read(path), FRAME, check_exact=True)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path, separator: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"a{separator}b\n1{separator}x,y;z\n2{separator}'u'\n".replace("x,y;z", f'"x{separator}y"'))
    assert read(path).to_dict("list") == {"a": [1, 2], "b": [f"x{separator}y", "'u'"]}


def test_one_column_is_a_table(tmp_path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a\n1\n\n3\n")
    assert read(path)["a"].tolist() == [1, pd.NA, 3]


def test_marks_of_missing_cells_and_a_byte_order_mark_are_understood(tmp_path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xef\xbb\xbfx,y\r\n1.5,NA\r\n,null\r\nNaN,b\r\n")
    frame = read(path)
    assert list(frame) == ["x", "y"]
    assert frame["x"].isna().tolist() == [False, True, True]
    assert frame["y"].isna().tolist() == [True, True, False]


def test_numbers_that_would_change_stay_text(tmp_path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("zip,long,hex,mixed,plain\n007,123456789012345678901,0x10,1,+1e3\n8,2,0x11,one,.5\n")
    assert read(path).iloc[0].tolist() == ["007", "123456789012345678901", "0x10", "1", 1000.0]


def test_columns_are_left_out(tmp_path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("id,x,y\n1,2,3\n4,5,6\n")
    assert list(read(path, leave_out=["id", "y"])) == ["x"]
    with pytest.raises(UserError, match=r"There is no column in .* called 'ids'; did you mean id"):
        read(path, leave_out=["ids"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "{} is empty."),
        (b"\n \n", "{} is empty."),
        (b"a,a\n1,2\n", "{}: two columns are called 'a'; the first line must name each column."),
        (b"a,b\n1,2\n3\n", "{}: line 3 has 1 fields, the first one 2."),
        (b"a,b\n1,2\n3,4,5\n", "{} cannot be read as a table: "),
        (b"a,b\n1,2,3\n3,4,5\n", "{} cannot be read as a table: "),
        (b"a,b\n1,\xff\n", "{} is not text in UTF-8 (byte 6): save it as UTF-8."),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content: bytes, sentence: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read(path)
    assert str(error.value).startswith(sentence.format(path))
    assert "\n" not in str(error.value)


def test_damaged_files_are_refused(tmp_path) -> None:
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 10_000)
    for name, content in (("cut.csv.gz", whole[:40]), ("no.csv.gz", b"a,b\n1,2\n")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=f"{name} cannot be unpacked"):
            read(tmp_path / name)


def test_a_damaged_parquet_file_is_refused(tmp_path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "table.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError, match=r"table\.parquet cannot be read as Parquet \("):
        read(tmp_path / "table.parquet")


def test_what_is_not_there_or_of_another_kind_is_refused(tmp_path) -> None:
    with pytest.raises(UserError, match=r"There is no file .*none\.csv"):
        read(tmp_path / "none.csv")
    (tmp_path / "table.xlsx").write_bytes(b"x")
    with pytest.raises(UserError, match=r"table\.xlsx is no table: give a file that ends in \.csv, "):
        read(tmp_path / "table.xlsx")
    with pytest.raises(UserError, match=r"a table is written as \.csv"):
        write(tmp_path / "table.txt", FRAME)
    with pytest.raises(UserError, match="Nothing can be written to"):
        write(tmp_path / "nowhere" / "table.csv", FRAME)


@pytest.mark.parametrize(("package", "ending"), [("pandas", ".csv"), ("pyarrow", ".parquet")])
def test_without_the_extra_one_sentence_says_how_to_get_it(tmp_path, monkeypatch, package: str, ending: str) -> None:
    path = tmp_path / f"table{ending}"
    path.write_bytes(b"a\n1\n2\n")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError) as error:
        read(path)
    assert str(error.value) == f"{path} needs {package}: pip install 'ganatomy[tables]'."
