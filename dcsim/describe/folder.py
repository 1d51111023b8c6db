"""A folder of what the AWS CLI printed: every JSON document in it, by its top-level keys, whatever the files' names."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcsim.problem import Mark, Problem, Refused
from dcsim.topology.source import shown_path, whole_file

MOST_BYTES = 256_000_000
"""Of one file: the instances of a large account take tens of megabytes."""
MOST_FILES = 10_000
LONGEST_LINE = 4096
"""More of a line than this is not kept for an excerpt."""

_TEXT = re.compile(r"[A-Z][A-Z0-9]{2,40}(\t|$)")
_TABLE = re.compile(r"-{10,}\s*$")
_YAML = re.compile(r"(- )?[A-Z][A-Za-z0-9]+:(\s|$)")
_SPACE = re.compile(r"\s+")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON value, and the file that it is from."""

    path: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Folder:
    """`other` are files that hold no JSON, `empty` those that hold nothing: a call that failed."""

    documents: tuple[Document, ...]
    other: tuple[Path, ...]
    empty: tuple[Path, ...]


def read_folder(directory: Path) -> Folder:
    """Refused when there is nothing to read, or something cannot be read; every such file is named."""
    problems: list[Problem] = []
    documents: list[Document] = []
    other, empty = [], []
    for path in _files(directory):
        try:
            found = _documents(path)
        except Refused as refused:
            problems += refused.problems
            continue
        if found is None:
            other.append(path)
        elif found:
            documents += found
        else:
            empty.append(path)
    if problems:
        raise Refused(problems)
    if not documents:
        held = "its files are empty" if empty else "there is no JSON in it"
        raise Refused([_problem(directory, held, "dcsim import describe --help lists the commands to run")])
    return Folder(tuple(documents), tuple(other), tuple(empty))


def _files(directory: Path) -> list[Path]:
    """Every file under it, hidden ones left out, in the order of their names."""
    try:
        if not directory.is_dir():
            what = "it is a file" if directory.exists() else "no such folder"
            raise Refused([_problem(directory, what, "name the folder that holds the JSON files")])
        paths = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    except (OSError, ValueError) as error:
        raise Refused([_problem(directory, _reason(error))]) from None
    shown = [path for path in paths if not any(part.startswith(".") for part in path.relative_to(directory).parts)]
    if len(shown) > MOST_FILES:
        raise Refused([_problem(directory, f"there are more than {MOST_FILES:,} files in it", "name a smaller folder")])
    return shown


def _problem(path: Path, message: str, advice: str = "") -> Problem:
    return Problem(whole_file(Path(shown_path(path))), None, message, advice)


def _reason(error: Exception) -> str:
    return f"cannot be read: {(getattr(error, 'strerror', None) or 'not a file name').lower()}"


def _documents(path: Path) -> list[Document] | None:
    """All that a file holds, one after the other; None when it is no JSON and does not claim to be."""
    text = _text(path)
    if text is None:
        return None
    if not text.strip():
        return []
    if text.lstrip()[0] in "{[":
        return [Document(path, value) for value in _values(path, text)]
    form = _other_form(text)
    if form is not None:
        raise Refused([_problem(path, f"this is --output {form}", "dcsim reads --output json")])
    if path.suffix == ".json":
        list(_values(path, text))
    return None


def _text(path: Path) -> str | None:
    """A shell on Windows may have written UTF-16; None for what is no text."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Refused([_problem(path, _reason(error))]) from None
    if len(data) > MOST_BYTES:
        raise Refused([_problem(path, f"the file is bigger than {MOST_BYTES // 1_000_000} MB")])
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        if path.suffix != ".json":
            return None
        raise Refused([_problem(path, f"not a text file: its bytes are not {encoding.upper()}")]) from None


def _other_form(text: str) -> str | None:
    """Which of the AWS CLI's other output formats this is."""
    first = text.lstrip().split("\n", 1)[0][:LONGEST_LINE]
    for form, pattern in (("table", _TABLE), ("text", _TEXT), ("yaml", _YAML)):
        if pattern.match(first):
            return form
    return None


def _values(path: Path, text: str) -> Iterator[Any]:
    """The pages of a call may stand one after the other."""
    position = _past_space(text, 0)
    while position < len(text):
        try:
            value, position = _DECODER.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise Refused([_not_json(path, error)]) from None
        except RecursionError:
            raise Refused([_problem(path, "not JSON that the AWS CLI prints: it is nested too deep")]) from None
        except ValueError:
            raise Refused([_problem(path, "not JSON that the AWS CLI prints: a number has too many digits")]) from None
        yield value
        position = _past_space(text, position)


def _past_space(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _not_json(path: Path, error: json.JSONDecodeError) -> Problem:
    mark = Mark(shown_path(path), error.lineno, error.colno, error.colno + 1)
    ends = error.pos >= len(error.doc.rstrip())
    what = "it ends in the middle" if ends else error.msg[:1].lower() + error.msg[1:]
    return Problem(mark, None, f"not JSON: {what}", "run the command again" if ends else "")
