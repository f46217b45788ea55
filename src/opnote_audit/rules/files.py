"""Read a JSON rule file, with errors that a coder can act on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from opnote_audit.errors import RuleFileError

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Base of every rule model: an unknown key is an error, and entries never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=False)


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in ``path``.

    Raises
    ------
    RuleFileError
        If the file is missing, unreadable, not UTF-8, not JSON, or not an object; the
        message names the file and, for broken JSON, the line and column.
    """
    try:
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise RuleFileError(
            f"{path}: rule file is missing; copy it from the patterns shipped with the package"
        ) from None
    except (OSError, UnicodeDecodeError) as err:
        raise RuleFileError(
            f"{path}: cannot be read as UTF-8 text ({type(err).__name__}); save it as UTF-8"
        ) from None
    except json.JSONDecodeError as err:
        raise RuleFileError(
            f"{path}:{err.lineno}:{err.colno}: not valid JSON ({err.msg}); mend it there"
        ) from None
    except RecursionError:
        raise RuleFileError(f"{path}: nested too deeply to be a rule file") from None
    if not isinstance(data, dict):
        raise RuleFileError(
            f"{path}: expected a JSON object at the top, found {type(data).__name__}"
        )
    return data


def entry_name(data: object, location: tuple[int | str, ...]) -> str:
    """Name the entry that ``location`` (a pydantic error path) points into, for a message."""
    parts: list[str] = []
    here: Any = data
    for step in location:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            parts.append(str(step))
            continue
        if isinstance(step, int):
            label = (
                here.get("literal") or here.get("id") or here.get("name")
                if isinstance(here, dict)
                else None
            )
            parts.append(f"entry {step + 1}" + (f" ({label!r})" if label else ""))
        else:
            parts.append(str(step))
    return ", ".join(parts)


def validate(model: type[Model], data: dict[str, Any], path: Path) -> Model:
    """Return ``data`` as ``model``.

    Raises
    ------
    RuleFileError
        Naming the file, the entry and what is wrong, for the first error found.
    """
    try:
        return model.model_validate(data)
    except ValidationError as err:
        first = err.errors(include_url=False, include_input=False)[0]
        where = entry_name(data, first["loc"])
        more = f" (and {err.error_count() - 1} more)" if err.error_count() > 1 else ""
        raise RuleFileError(f"{path}: {where}: {first['msg']}{more}") from None
