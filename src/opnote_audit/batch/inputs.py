"""What a batch audits: folders, files and tables, as one stream of inputs in a fixed order.

Listing and counting come first, so that a run knows how much there is; the words of the notes
are read later, where they are audited. Only the rows of tables travel with their text.
"""

from __future__ import annotations

import fnmatch
import glob as globbing
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from opnote_audit.errors import InputError
from opnote_audit.read import note_id_for
from opnote_audit.read.documents import SUFFIXES
from opnote_audit.read.tables import TABLE_SUFFIXES, Row, Table, TableOptions, open_table


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to audit.

    Either ``path`` (a document, to be read by whoever audits it), or ``data`` (the bytes of a
    table's row), or ``problem`` (why there is nothing to read, in words for people).
    ``source`` says where it stands: the path, or the table and the row's number.
    """

    note_id: str
    source: str
    path: str | None = None
    # Never in a repr: Dask logs the arguments of a task that failed.
    data: bytes | None = field(default=None, repr=False)
    columns: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    problem: str | None = None

    @classmethod
    def of_row(cls, table: str, row: Row) -> Input:
        """Return the input that a row of ``table`` is."""
        return cls(
            note_id=row.note_id,
            source=f"{table}#{row.number}",
            data=row.data,
            columns=row.columns,
            problem=row.problem,
        )

    def with_columns(self, names: Sequence[str]) -> Input:
        """Return the input with exactly these columns, in this order; those it lacks empty."""
        if tuple(name for name, _ in self.columns) == tuple(names):
            return self
        values = dict(self.columns)
        return replace(self, columns=tuple((name, values.get(name, "")) for name in names))


@dataclass(frozen=True, slots=True)
class Source:
    """One SOURCE of the command line, listed: ``paths`` of documents, or a table.

    ``count`` is the number of inputs it gives; ``left_out`` the files of a folder that are no
    documents; ``problems`` what could not be listed, each an input of its own.
    """

    name: str
    count: int
    paths: tuple[str, ...] = ()
    table: Table | None = None
    problems: tuple[tuple[str, str], ...] = ()
    left_out: int = 0

    def inputs(self) -> Iterator[Input]:
        """Yield the inputs, the same ones in the same order every time."""
        for path, problem in self.problems:
            yield Input(note_id_for(path), path, problem=problem)
        for path in self.paths:
            yield Input(note_id_for(path), path, path=path)
        if self.table is not None:
            for row in self.table.rows():
                yield Input.of_row(self.name, row)


def list_sources(
    names: Sequence[str],
    globs: Sequence[str] = (),
    table: TableOptions | None = None,
    exclude: Path | None = None,
) -> list[Source]:
    """Find out what there is to audit.

    Parameters
    ----------
    names
        Folders, files and tables, in the order in which they are to be audited.
    globs
        Which files of a folder: matched against the name at any depth, or, where the pattern
        has a slash, against the path below the folder (``**`` for any depth). Without one, the
        documents that can be read (.txt, .md, .docx, .pdf, .rtf). Hidden files are no notes.
    table
        The columns of a table's id and text.
    exclude
        A folder whose files are not inputs: the batch's own output.

    Returns
    -------
    list of Source
        One for each name; the files of a folder sorted by path.

    Raises
    ------
    InputError
        Nothing to audit: no such folder or file, no matching file, or a table without the
        columns or without a row.
    """
    sources = [_list(name, globs, table or TableOptions(), exclude) for name in names]
    if not any(source.count for source in sources):
        raise InputError(_nothing(names, globs, sum(source.left_out for source in sources)))
    # A mistyped name among a thousand good ones is a row; alone it is a mistake to say at once.
    if all(source.problems and not (source.paths or source.table) for source in sources):
        path, problem = sources[0].problems[0]
        raise InputError(f"{path}: {problem}")
    return sources


def _nothing(names: Sequence[str], globs: Sequence[str], left_out: int) -> str:
    where = names[0] if len(names) == 1 else "the sources"
    if globs:
        return f"{where}: no file matches {' or '.join(globs)}; check --glob and the folder"
    known = ", ".join(SUFFIXES)
    others = f" (files of other kinds there: {left_out}; name them with --glob)" if left_out else ""
    return f"{where}: holds no notes to audit ({known}){others}; check the folder or the table"


def _list(name: str, globs: Sequence[str], options: TableOptions, exclude: Path | None) -> Source:
    path = Path(name)
    if path.is_dir():
        return _list_folder(path, globs, exclude)
    if path.suffix.casefold() in TABLE_SUFFIXES and path.is_file():
        table = open_table(path, options)
        return Source(name, table.count, table=table)
    if not path.exists():
        problem = "no such file or folder; check the name"
        return Source(name, 1, problems=((name, problem),))
    return Source(name, 1, paths=(name,))


def _list_folder(root: Path, globs: Sequence[str], exclude: Path | None) -> Source:
    problems: list[tuple[str, str]] = []
    skip = exclude.resolve() if exclude is not None and exclude.exists() else None
    deep = [pattern for pattern in globs if "/" in pattern]
    flat = [pattern for pattern in globs if "/" not in pattern]
    # Matched by name here and by path there: pathlib before Python 3.13 has no match for "**".
    wanted = {
        os.path.normpath(found)
        for pattern in deep
        # Path.glob would stop at a folder that may not be listed.
        for found in globbing.glob(pattern, root_dir=root, recursive=True)  # noqa: PTH207
    }

    def complain(error: OSError) -> None:
        problems.append(
            (str(error.filename), "the folder may not be listed; check its permissions")
        )

    found: list[tuple[str, ...]] = []
    left_out = 0
    for folder, folders, files in os.walk(root, onerror=complain):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and (skip is None or Path(folder, name).resolve() != skip)
        ]
        below = Path(folder).relative_to(root).parts
        for name in files:
            # "~$note.docx" is what Word leaves beside an open document.
            if name.startswith((".", "~$")):
                continue
            if _matches(name, below, flat, wanted, bool(globs)):
                found.append((*below, name))
            else:
                left_out += 1
    paths = tuple(str(root.joinpath(*parts)) for parts in sorted(found))
    return Source(
        name=str(root),
        count=len(paths) + len(problems),
        paths=paths,
        problems=tuple(sorted(problems)),
        left_out=left_out,
    )


def _matches(
    name: str, below: tuple[str, ...], flat: Sequence[str], wanted: set[str], chosen: bool
) -> bool:
    if not chosen:
        return name.casefold().endswith(SUFFIXES)
    if any(fnmatch.fnmatch(name, pattern) for pattern in flat):
        return True
    return bool(wanted) and str(Path(*below, name)) in wanted
