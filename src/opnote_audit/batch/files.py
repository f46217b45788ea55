"""The batch's folder: files for their owner only, replaced whole, and where unfinished ones are.

While a batch runs, everything it writes stands in ``DIR/.opnote-audit``: the journal that
``--resume`` needs, finished pages, and outputs that are not whole yet. Nothing is written to
the system's folder for temporary files. When all is there, the outputs are moved into ``DIR``
one by one, ``results.jsonl`` last, and the folder is removed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path
from types import TracebackType

from opnote_audit.errors import InputError, OpnoteError

RESULTS = "results.jsonl"
NOTES = "notes.csv"
SEGMENTS = "segments.csv"
FINDINGS = "findings.csv"
WORKLIST = "worklist.xlsx"
DASHBOARD = "report.html"
PAGES = "notes"
PARTS = "parts"
FOLDERS = (PAGES, PARTS)
# results.jsonl last: while it is the old one, the journal is still needed and still there.
OUTPUTS = (PAGES, PARTS, NOTES, SEGMENTS, FINDINGS, WORKLIST, DASHBOARD, RESULTS)
"""Everything a batch may leave in its folder, in the order in which it is put there."""

STATE = ".opnote-audit"
JOURNAL = "journal.jsonl"
_LOCK = "lock"

_FILE_MODE = 0o600
_FOLDER_MODE = 0o700


class OwnerFile:
    """A new file for writing bytes, readable by its owner only; what was there is unlinked first.

    Unlinked and not truncated: a page may be a second link to one of an earlier run.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BufferedWriter | None = None

    def __enter__(self) -> BufferedWriter:
        self._path.unlink(missing_ok=True)
        self._file = os.fdopen(owner_fd(self._path), "wb")
        return self._file

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
        if kind is not None:
            self._path.unlink(missing_ok=True)


def owner_fd(path: Path) -> int:
    """Create ``path`` for its owner only and return a descriptor to write to it.

    Raises
    ------
    FileExistsError
        It is there already.
    """
    binary = getattr(os, "O_BINARY", 0)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | binary, _FILE_MODE)


def bring_page(staged: Path, finished: Path | None) -> bool:
    """Make sure that a page of an earlier run stands where this run collects its pages.

    Parameters
    ----------
    staged
        Where the page has to be.
    finished
        Where a finished run would have left it.

    Returns
    -------
    bool
        Whether it is there now.
    """
    if staged.exists():
        return True
    if finished is None or not finished.exists():
        return False
    try:
        os.link(finished, staged)
    except OSError:
        # No second links on this file system.
        with OwnerFile(staged) as file:
            file.write(finished.read_bytes())
    return True


class Workplace:
    """The folder that a batch writes to.

    Parameters
    ----------
    folder
        DIR of the command line.
    resume, overwrite
        Whether it may hold an earlier run, and whether that run is continued or replaced.

    Raises
    ------
    InputError
        An earlier run is there and neither was asked for, another run is at work there, or the
        folder cannot be made.
    """

    def __init__(self, folder: Path, *, resume: bool = False, overwrite: bool = False) -> None:
        self.folder = folder
        self.state = folder / STATE
        used = [name for name in (*OUTPUTS, STATE) if (folder / name).exists()]
        if used and not (resume or overwrite):
            how = "--resume continues it" if STATE in used else "--resume audits what has changed"
            raise InputError(
                f"{folder}: holds an earlier batch ({', '.join(used)}); {how}, --overwrite "
                "starts afresh, or give another folder with --out"
            )
        self._refuse_strangers()
        try:
            folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            self.state.mkdir(mode=_FOLDER_MODE, exist_ok=True)
            self._lock = _lock(self.state / _LOCK)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise InputError(f"{folder}: cannot be written to ({reason}); check --out") from None
        if overwrite:
            self._clear(keep=(_LOCK,))
        else:
            # Outputs that were not whole when an earlier run ended.
            self._clear(keep=(_LOCK, JOURNAL, *FOLDERS))

    def staged(self, name: str) -> Path:
        """Return where an output stands until it is whole."""
        return self.state / name

    def stage_folder(self, name: str) -> Path:
        """Make the folder of pages or of parts that this run collects, and return it."""
        path = self.state / name
        path.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        return path

    def commit(self, names: Collection[str]) -> None:
        """Move the outputs into the folder, take away those that this run has not made, clean up.

        Parameters
        ----------
        names
            The outputs that this run has made, whole.
        """
        for name in OUTPUTS:
            target = self.folder / name
            if name in FOLDERS:
                self._put_aside(target)
            if name in names:
                staged = self.staged(name)
                if name not in FOLDERS:
                    _settle(staged)
                staged.replace(target)
            elif name not in FOLDERS:
                target.unlink(missing_ok=True)
        self._clear(keep=(_LOCK,))
        self.close()
        shutil.rmtree(self.state, ignore_errors=True)

    def discard(self) -> None:
        """Leave what ``--resume`` needs and remove the rest; remove all when that is nothing."""
        self._clear(keep=(_LOCK, JOURNAL, *FOLDERS))
        self.close()
        kept = {path.name for path in self.state.iterdir()} - {_LOCK}
        journal = self.state / JOURNAL
        begun = journal.exists() and journal.stat().st_size > 0
        if not begun and not any(_begun(self.state / name) for name in kept):
            shutil.rmtree(self.state, ignore_errors=True)
            # Only when nothing else was or is in it: rmdir removes no more than that.
            try:
                self.folder.rmdir()
            except OSError:
                return

    def close(self) -> None:
        """Let another run in."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _put_aside(self, target: Path) -> None:
        if target.exists():
            old = self.state / f"old-{target.name}"
            shutil.rmtree(old, ignore_errors=True)
            target.replace(old)

    def _clear(self, keep: Collection[str]) -> None:
        for path in self.state.iterdir():
            if path.name in keep:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _refuse_strangers(self) -> None:
        """Refuse to replace a folder ``notes`` or ``parts`` that holds anything but ours."""
        for name, suffix in ((PAGES, ".html"), (PARTS, ".parquet")):
            path = self.folder / name
            if not path.exists():
                continue
            strangers = not path.is_dir() or any(
                not f.name.endswith(suffix) for f in path.iterdir()
            )
            if strangers:
                raise InputError(
                    f"{path}: holds files that no batch has written; give another folder with --out"
                )


def _settle(path: Path) -> None:
    """Have the file's bytes on the disk before its name: a power cut must not leave it empty."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _begun(path: Path) -> bool:
    return path.is_dir() and any(path.iterdir())


def _lock(path: Path) -> int | None:
    """Hold ``path`` until this process ends, however it ends; ``None`` where there are no locks.

    Raises
    ------
    InputError
        Another process holds it.
    """
    try:
        import fcntl
    except ImportError:
        return None
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), _FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise InputError(
            f"{path.parent.parent}: another batch is writing there; wait for it, or give "
            "another folder with --out"
        ) from None
    except OSError:
        # Some network file systems have no locks; the run goes on without.
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def write_errors(folder: Path) -> Iterator[None]:
    """Turn a disk that is full or gone into words for people.

    Raises
    ------
    OpnoteError
        What went wrong, and that the run can be continued.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OpnoteError(
            f"{folder}: cannot be written to ({reason}); make room or mend it, then continue "
            "with --resume"
        ) from None
