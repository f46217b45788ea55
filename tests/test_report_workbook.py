"""The coder's workbook, read back by another library than the one that wrote it."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from page_samples import HOSTILE, RESULT, SampleRow, failed, not_applicable, supported

from opnote_audit.checks.result import CheckResult
from opnote_audit.errors import OpnoteError
from opnote_audit.report import workbook
from opnote_audit.report.workbook import DECISIONS, write_workbook

openpyxl = pytest.importorskip("openpyxl")
pytest.importorskip("openpyxl.utils.escape")

ROWS = [
    SampleRow(supported("a", 2), {"surgeon": "Dr. A"}, "notes/a b#1.html"),
    SampleRow(
        replace(RESULT, note_id="b"),
        {"surgeon": "Dr. B"},
        "notes/b.html",
        reviewer="Kim",
        decision="agree",
        comment="=2+2",
    ),
    SampleRow(not_applicable("c"), {"surgeon": "Dr. A"}),
    SampleRow(failed("d"), {"surgeon": ""}),
]


def written(folder: Path, rows: list[SampleRow]) -> openpyxl.Workbook:
    write_workbook(rows, folder / "worklist.xlsx")
    return openpyxl.load_workbook(folder / "worklist.xlsx")


def table(sheet: openpyxl.worksheet.worksheet.Worksheet) -> list[dict[str, object]]:
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_a_row_says_what_the_audit_found(tmp_path: Path) -> None:
    rows = table(written(tmp_path, ROWS)["Worklist"])
    assert [row["Note"] for row in rows] == ["a", "b", "c", "d"]
    assert rows[0]["Verdict"] == "✓ supported"
    assert (rows[0]["Units supported"], rows[0]["Units at risk"], rows[0]["Score"]) == (2, 0, 100)
    assert (rows[0]["Primary"], rows[0]["Primary level"]) == ("63055", "T9")
    assert rows[0]["Further levels"] == "T10, T11"
    assert (rows[1]["R2"], rows[1]["R5"], rows[1]["surgeon"]) == ("✗ fail", "! warn", "Dr. B")
    assert str(rows[1]["What was found"]).splitlines()[1] == "R3 fail: No pathology."
    assert rows[1]["To mend"] == "R2: Ask which corridor was used.\nR5: Say why."
    assert (rows[1]["Decision"], rows[1]["Comment"], rows[1]["Reviewer"]) == (
        "agree",
        "=2+2",
        "Kim",
    )
    assert rows[3]["What was found"] == "looks like a scan; there is no text in it"
    assert rows[3]["Units supported"] is None


def test_it_is_laid_out_for_work(tmp_path: Path) -> None:
    sheet = written(tmp_path, ROWS)["Worklist"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == sheet.dimensions
    (rule,) = sheet.data_validations.dataValidation
    assert rule.formula1 == '"' + ",".join(DECISIONS) + '"'
    assert len(rule.formula1) <= 257, "Excel refuses a longer list"
    header = [cell.value for cell in sheet[1]]
    letter = openpyxl.utils.get_column_letter(header.index("Decision") + 1)
    assert str(rule.sqref) == f"{letter}2:{letter}5"
    assert {"Decision", "Comment", "Reviewer"} < set(header)


def test_statuses_have_a_colour_and_a_word(tmp_path: Path) -> None:
    sheet = written(tmp_path, ROWS)["Worklist"]
    header = [cell.value for cell in sheet[1]]
    grounds = {}
    for name in ("Verdict", "R2", "R5"):
        for cell in sheet.iter_cols(header.index(name) + 1, header.index(name) + 1, 2).__next__():
            if cell.value:
                grounds.setdefault(str(cell.value), set()).add(cell.fill.fgColor.rgb)
    assert all(len(colours) == 1 for colours in grounds.values())
    assert grounds["✓ supported"] == grounds["✓ pass"]
    assert len({frozenset(grounds[f]) for f in ("✓ pass", "✗ fail", "! warn", "– na")}) == 4


def test_links_lead_to_the_notes_page(tmp_path: Path) -> None:
    sheet = written(tmp_path, ROWS)["Worklist"]
    targets = [sheet.cell(row, 1).hyperlink for row in range(2, 6)]
    assert [target and target.target for target in targets] == [
        "notes\\a%20b%231.html",
        "notes\\b.html",
        None,
        None,
    ]


def test_more_notes_than_excel_follows_links_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "ROWS_A_SHEET", 3)
    rows = [SampleRow(supported(f"op-{n}"), page=f"notes/{n}.html") for n in range(7)]
    book = written(tmp_path, rows)
    assert book.sheetnames == ["Worklist", "Worklist 2", "Worklist 3", "Read me"]
    shown = [row["Note"] for name in book.sheetnames[:3] for row in table(book[name])]
    assert shown == [f"op-{n}" for n in range(7)]
    assert book["Worklist 3"]["A2"].hyperlink.target == "notes\\6.html"
    assert 60_000 < 65_530


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_a_formula_or_a_link(text: str, tmp_path: Path) -> None:
    check = CheckResult("R1", "fail", text, advice=text)
    result = replace(RESULT, note_id=text, source=text, checklist=(check,), error=text)
    columns = {text: text, "surgeon": text}
    row = SampleRow(result, columns, None, reviewer=text, decision=text, comment=text)
    book = written(tmp_path, [row])
    for sheet in book:
        for cells in sheet.iter_rows():
            for cell in cells:
                assert cell.data_type in "sn", f"{cell.coordinate} is {cell.data_type}"
                assert cell.hyperlink is None
                if isinstance(cell.value, str) and cell.value[:1] in "=+-@" and cell.value:
                    assert cell.quotePrefix, f"{cell.coordinate} would act once edited"
    with zipfile.ZipFile(tmp_path / "worklist.xlsx") as parts:
        for name in parts.namelist():
            content = parts.read(name).decode()
            assert not re.search(r"<f[ >]|externalLink|<!DOCTYPE", content)


def test_text_is_kept_whole_where_excel_can_hold_it(tmp_path: Path) -> None:
    texts = [
        "=cmd|' /C calc'!A0",
        "007",
        "1e5",
        " padded ",
        "two\nlines",
        "é漢字🦴",
        "_x0041_",
        "x" * 40_000,
    ]
    rows = [SampleRow(supported(), {"column": text}) for text in texts]
    cells = table(written(tmp_path, rows)["Worklist"])
    # What looks like an escape of the format is escaped once more; Excel shows it as it was.
    shown = [openpyxl.utils.escape.unescape(str(row["column"])) for row in cells]
    assert shown[:-1] == texts[:-1]
    assert len(str(shown[-1])) == 32_767
    assert str(shown[-1]).endswith("…")


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.xlsx", "two.xlsx"):
        write_workbook(ROWS, tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_a_batch_of_nothing_has_a_worklist(tmp_path: Path) -> None:
    assert table(written(tmp_path, [])["Worklist"]) == []


def test_the_file_is_its_owners_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    written(tmp_path, ROWS)
    (only,) = tmp_path.iterdir()
    assert stat.S_IMODE(only.stat().st_mode) == 0o600


def test_a_failure_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "worklist.xlsx"
    path.write_text("old")

    def broken() -> Iterator[SampleRow]:
        yield from (SampleRow(supported(str(n))) for n in range(300))
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        write_workbook(broken(), path)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["worklist.xlsx"]


def test_drafts_of_a_killed_run_go_with_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".worklist.xlsx.abc.part"
    left.mkdir()
    (left / "tmp1").write_text("half a sheet")
    written(tmp_path, ROWS)
    assert [one.name for one in tmp_path.iterdir()] == ["worklist.xlsx"]


def test_a_folder_that_is_not_there_is_said_to_people(tmp_path: Path) -> None:
    with pytest.raises(OpnoteError, match="cannot be written"):
        write_workbook(ROWS, tmp_path / "no" / "worklist.xlsx")


def test_rows_never_pile_up(tmp_path: Path) -> None:
    """What is held in memory for a row that is written is a link, no more."""
    import tracemalloc

    def peak(count: int) -> int:
        rows = (SampleRow(replace(RESULT, note_id=str(n)), page=f"{n}.html") for n in range(count))
        tracemalloc.start()
        write_workbook(rows, tmp_path / "w.xlsx")
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    few = peak(300)
    assert (peak(1300) - few) / 1000 < 5_000
