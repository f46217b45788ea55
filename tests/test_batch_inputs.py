"""What a batch audits, in which order, and the file names that its notes' pages get."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opnote_audit.batch.inputs import Input, list_sources
from opnote_audit.batch.names import PageNames, page_stem
from opnote_audit.errors import InputError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "notes"
    for name in (
        "b.txt", "a.TXT", "c.md", "scan.jpg", ".hidden.txt", "~$open.docx",
        "ward/d.pdf", "ward/deep/e.rtf", "ward/deep/f.docx", ".git/g.txt",
    ):  # fmt: skip
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("T9")
    return root


def names_in(root: Path, *globs: str, exclude: Path | None = None) -> list[str]:
    (source,) = list_sources([str(root)], globs, exclude=exclude)
    inputs = list(source.inputs())
    assert len(inputs) == source.count
    return [Path(str(one.path)).relative_to(root).as_posix() for one in inputs]


# Folders


def test_a_folder_gives_its_documents_sorted_and_nothing_hidden(tree: Path) -> None:
    assert names_in(tree) == [
        "a.TXT", "b.txt", "c.md", "ward/d.pdf", "ward/deep/e.rtf", "ward/deep/f.docx"
    ]  # fmt: skip


def test_what_is_left_out_is_counted(tree: Path) -> None:
    assert list_sources([str(tree)])[0].left_out == 1


@pytest.mark.parametrize(
    ("globs", "names"),
    [
        (["*.txt"], ["b.txt"]),
        (["*.jpg", "*.md"], ["c.md", "scan.jpg"]),
        (["[de].*"], ["ward/d.pdf", "ward/deep/e.rtf"]),
        (["ward/*.pdf"], ["ward/d.pdf"]),
        (["ward/**/*"], ["ward/d.pdf", "ward/deep/e.rtf", "ward/deep/f.docx"]),
        (["**/*.rtf"], ["ward/deep/e.rtf"]),
    ],
)
def test_glob(tree: Path, globs: list[str], names: list[str]) -> None:
    assert names_in(tree, *globs) == names


def test_the_output_folder_is_no_input(tree: Path) -> None:
    assert "ward/d.pdf" not in names_in(tree, exclude=tree / "ward")


def test_a_folder_without_notes_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").touch()
    with pytest.raises(InputError, match=r"no notes to audit.*other kinds there: 1"):
        list_sources([str(tmp_path)])


def test_a_glob_that_matches_nothing_is_a_mistake(tree: Path) -> None:
    with pytest.raises(InputError, match=r"no file matches \*.doc"):
        list_sources([str(tree)], ["*.doc"])


def test_a_folder_that_may_not_be_listed_is_an_input_with_a_problem(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refuse(path: str | Path) -> object:
        if Path(path) == tree / "ward":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    (source,) = list_sources([str(tree)])
    ward, *others = source.inputs()
    assert ward.source == str(tree / "ward")
    assert "may not be listed" in str(ward.problem)
    assert [one.note_id for one in others] == ["a", "b", "c"]
    assert source.count == 4


# Files and several sources


def test_sources_come_in_the_order_given(tree: Path) -> None:
    names = [str(tree / "c.md"), str(tree / "ward"), str(tree / "b.txt")]
    inputs = [one for source in list_sources(names) for one in source.inputs()]
    assert [one.note_id for one in inputs] == ["c", "d", "e", "f", "b"]


def test_a_missing_file_among_others_is_a_row(tree: Path) -> None:
    sources = list_sources([str(tree / "b.txt"), str(tree / "gone.txt")])
    _, gone = [one for source in sources for one in source.inputs()]
    assert (gone.note_id, gone.path) == ("gone", None)
    assert "no such file" in str(gone.problem)


def test_a_missing_source_alone_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        list_sources([str(tmp_path / "gone")])


def test_a_table_gives_a_note_a_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("note_id,text,surgeon\nop-1,T9,Ny\nop-2\n")
    (source,) = list_sources([str(path)])
    first, second = source.inputs()
    assert first == Input("op-1", f"{path}#1", data=b"T9", columns=(("surgeon", "Ny"),))
    assert second.source == f"{path}#2"
    assert second.problem is not None


# Page names


@pytest.mark.parametrize("note_id", ["op-7", "2026.01_case", "Überweisung", "手術"])
def test_a_harmless_id_is_its_page(note_id: str) -> None:
    assert PageNames().take(note_id) == f"{note_id}.html"


@pytest.mark.parametrize(
    "note_id",
    ["../../etc/passwd", "a/b", "a\\b", "..", ".", ".hidden", "", " ", "CON", "nul.txt", "a:b",
     "x" * 300, "é" * 200, "a\nb", "\ud800", "<script>", "a%2fb", "C:", "trailing."],
)  # fmt: skip
def test_no_id_leads_out_of_the_folder_or_is_no_file_name(note_id: str, tmp_path: Path) -> None:
    name = PageNames().take(note_id)
    assert len(name.encode()) < 200
    assert not set(name) & set('/\\:*?"<>|\n%')
    assert name[0] not in "._"
    (tmp_path / name).touch()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_ids_that_differ_only_where_they_were_changed_get_different_pages() -> None:
    assert len({page_stem(one) for one in ("a/b", "a:b", "a?b", "a_b", "_a_b")}) == 5


@given(
    st.lists(
        st.sampled_from(["op", "OP", "op~2", "op~3", "a/b", "Ｏp", "", "ß", "SS"]), max_size=30
    )
)
def test_no_two_notes_share_a_page_even_where_case_does_not_count(ids: list[str]) -> None:
    names = PageNames()
    pages = [names.take(one) for one in ids]
    assert len({page.casefold() for page in pages}) == len(pages)


def test_a_second_note_of_an_id_gets_a_number_in_input_order() -> None:
    names = PageNames()
    assert [names.take(one) for one in ("a", "a", "b", "a", "A")] == [
        "a.html", "a~2.html", "b.html", "a~3.html", "A~4.html"
    ]  # fmt: skip
