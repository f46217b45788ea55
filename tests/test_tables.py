"""Tables of notes: every row comes out once, whole, in order, whatever the others hold."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
from collections.abc import Sequence
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opnote_audit.errors import InputError
from opnote_audit.read.tables import ParquetTable, Row, Table, TableOptions, open_table

HEADER = ["note_id", "text", "surgeon"]


def table_of(path: Path, data: bytes | str, **options: str) -> Table:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return open_table(path, TableOptions(**options))


def rows_of(table: Table) -> list[Row]:
    rows = list(table.rows())
    assert len(rows) == table.count
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    return rows


def as_csv(rows: Sequence[Sequence[str]], **dialect: str) -> str:
    file = io.StringIO()
    csv.writer(file, **dialect).writerows(rows)  # type: ignore[arg-type]
    return file.getvalue()


# CSV


def test_a_row_is_an_id_a_text_and_the_columns_beside_them(tmp_path: Path) -> None:
    text = as_csv([["facility", *HEADER], ["North", "op-1", 'T9,\nT10 "left"', "Dr. Ny"]])
    table = table_of(tmp_path / "a.csv", text)
    assert table.columns == ("facility", "surgeon")
    (row,) = rows_of(table)
    assert (row.note_id, row.data) == ("op-1", b'T9,\nT10 "left"')
    assert row.columns == (("facility", "North"), ("surgeon", "Dr. Ny"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = as_csv([HEADER, ["op-1", "T9, T10; T11 | x", "Ny"]], delimiter=delimiter)
    (row,) = rows_of(table_of(tmp_path / "a.csv", text))
    assert row.data == b"T9, T10; T11 | x"


def test_columns_of_other_names_are_named(tmp_path: Path) -> None:
    text = as_csv([["case", "note"], ["7", "T9"]])
    (row,) = rows_of(table_of(tmp_path / "a.csv", text, id_column="case", text_column="note"))
    assert (row.note_id, row.data) == ("7", b"T9")


def test_a_missing_column_is_said_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no column named 'text'.*note_id, note.*--text-column"):
        table_of(tmp_path / "a.csv", as_csv([["note_id", "note"]]))


def test_a_column_that_stands_twice_is_ambiguous(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than one column named 'text'"):
        table_of(tmp_path / "a.csv", as_csv([["note_id", "text", "text"]]))


def test_carried_columns_never_overwrite_each_other(tmp_path: Path) -> None:
    table = table_of(
        tmp_path / "a.csv", as_csv([[*HEADER, "surgeon", ""], ["1", "T9", "a", "b", "c"]])
    )
    assert table.columns == ("surgeon", "surgeon.2", "column")


def test_each_row_is_decoded_by_itself(tmp_path: Path) -> None:
    data = (
        b"note_id,text,surgeon\nutf,T9\xe2\x80\x93T10,M\xc3\xbcller\nwindows,T9\x96T10,M\xfcller\n"
    )
    utf, windows = rows_of(table_of(tmp_path / "a.csv", data))
    assert (utf.data, windows.data) == (b"T9\xe2\x80\x93T10", b"T9\x96T10")
    assert utf.columns == windows.columns == (("surgeon", "Müller"),)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path, encoding: str) -> None:
    text = as_csv([HEADER, ["op-1", "T9–T10", "Ny"]])
    (row,) = rows_of(table_of(tmp_path / "a.csv", text.encode(encoding)))
    assert (row.note_id, row.data) == ("op-1", "T9–T10".encode())


@pytest.mark.parametrize("fields", [["op-2", "cut", "off", "here"], ["op-2"]])
def test_a_row_of_the_wrong_length_is_a_problem_of_its_own(
    tmp_path: Path, fields: list[str]
) -> None:
    text = as_csv([HEADER, ["op-1", "T9", "a"], fields, ["op-3", "T10", "b"]])
    first, second, third = rows_of(table_of(tmp_path / "a.csv", text))
    assert (first.problem, third.problem) == (None, None)
    assert third.note_id == "op-3"
    assert second.problem is not None
    assert f"row 2 of the table has {len(fields)} fields and the header 3" in second.problem


def test_a_quote_never_closed_does_not_swallow_notes_in_silence(tmp_path: Path) -> None:
    data = 'note_id,surgeon,text\nop-1,a,T9\nop-2,b,"T10\nop-3,c,T11\n'
    first, second = rows_of(table_of(tmp_path / "a.csv", data))
    assert first.problem is None
    assert second.problem is not None
    assert "never closed" in second.problem
    assert second.data is None


def test_a_long_note_is_no_obstacle(tmp_path: Path) -> None:
    text = "T9 " * 100_000
    (row,) = rows_of(table_of(tmp_path / "a.csv", as_csv([HEADER, ["op-1", text, ""]])))
    assert row.data == text.encode()


def test_a_row_without_an_id_is_named_by_its_number(tmp_path: Path) -> None:
    text = as_csv([HEADER, ["op-1", "T9", ""], [" ", "T10", ""]])
    assert [row.note_id for row in rows_of(table_of(tmp_path / "a.csv", text))] == ["op-1", "row-2"]


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8))
def test_what_a_csv_writer_wrote_comes_back(tmp_path: Path, cells: list[tuple[str, ...]]) -> None:
    text = as_csv([HEADER, *cells], quoting=csv.QUOTE_ALL)  # type: ignore[arg-type]
    rows = rows_of(table_of(tmp_path / "a.csv", text))
    assert [row.problem for row in rows] == [None] * len(cells)
    assert [(row.data or b"").decode() for row in rows] == [cell[1] for cell in cells]
    assert [dict(row.columns)["surgeon"] for row in rows] == [cell[2] for cell in cells]


# Parquet


def parquet(path: Path, columns: dict[str, object], group: int = 1_000_000) -> ParquetTable:
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=group)
    table = open_table(path, TableOptions())
    assert isinstance(table, ParquetTable)
    return table


def test_a_parquet_table_reads_like_a_csv(tmp_path: Path) -> None:
    table = parquet(
        tmp_path / "a.parquet",
        {
            "note_id": [1, 2],
            "text": ["T9–T10", None],
            "date": [datetime.date(2026, 1, 5), None],
            "age": [61.0, float("nan")],
        },
    )
    first, second = rows_of(table)
    assert (first.note_id, first.data) == ("1", "T9–T10".encode())
    assert first.columns == (("date", "2026-01-05"), ("age", "61.0"))
    assert (second.data, second.columns) == (b"", (("date", ""), ("age", "")))


@pytest.mark.parametrize(
    "kind",
    [
        pyarrow.string(),
        pyarrow.large_string(),
        pyarrow.binary(),
        pyarrow.dictionary(pyarrow.int32(), pyarrow.string()),
    ],
)
def test_any_column_of_text_will_do(tmp_path: Path, kind: pyarrow.DataType) -> None:
    text = (
        pyarrow.array(["T9", "T10"]).cast(kind)
        if kind != pyarrow.binary()
        else pyarrow.array([b"T9", b"T10"])
    )
    table = parquet(tmp_path / "a.parquet", {"note_id": ["a", "b"], "text": text})
    assert [row.data for row in rows_of(table)] == [b"T9", b"T10"]


@pytest.mark.parametrize(("group", "size"), [(1000, 7), (10, 4), (7, 100), (3, 1)])
def test_slices_are_the_table_cut_up(tmp_path: Path, group: int, size: int) -> None:
    ids = [f"op-{n}" for n in range(53)]
    table = parquet(tmp_path / "a.parquet", {"text": ids, "note_id": ids}, group)
    slices = list(table.slices(size))
    assert all(part.stop - part.start <= size for part in slices)
    again = list(itertools.chain.from_iterable(part.rows() for part in slices))
    assert again == rows_of(table)
    assert list(table.ids()) == ids


def test_a_damaged_row_group_loses_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = [f"{n} " * 500 for n in range(30)]
    table = parquet(path, {"note_id": [f"op-{n}" for n in range(30)], "text": texts}, 10)
    start = pyarrow.parquet.ParquetFile(path).metadata.row_group(1).column(1).data_page_offset
    data = bytearray(path.read_bytes())
    data[start : start + 400] = b"\xff" * 400
    path.write_bytes(data)
    rows = rows_of(open_table(path, TableOptions()))
    assert [row.problem is None for row in rows] == [True] * 10 + [False] * 10 + [True] * 10
    assert "row 11 of the table cannot be read" in str(rows[10].problem)
    assert table.count == 30


def test_a_file_that_is_no_parquet_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"note_id,text\n")
    with pytest.raises(InputError, match="is no Parquet file"):
        open_table(tmp_path / "a.parquet", TableOptions())


def test_the_text_of_a_row_is_in_no_repr(tmp_path: Path) -> None:
    (row,) = rows_of(table_of(tmp_path / "a.csv", as_csv([HEADER, ["1", "XYZZYMARKER", "Ny"]])))
    assert "XYZZY" not in repr(row)
