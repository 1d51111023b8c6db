"""A tree against a schema. What pydantic finds wrong is said in the user's words, where the user wrote it."""

from typing import Any, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dcsim.problem import Mark, Mistake, Problem, Refused
from dcsim.topology.fields import Spec, kind_of_value
from dcsim.topology.tree import KEY, NOTHING, Mapping, Node, find, inside, key_mark, plain, value_mark
from dcsim.topology.words import closest, listed, quoted

AnySpec = TypeVar("AnySpec", bound=Spec)


def check(schema: type[AnySpec], root: Node, top: Mark | None = None) -> AnySpec:
    """The file as the schema's model; Refused with every problem there is.

    `top` is where what is missing at the top is missed; by default that is the file's first letter.
    """
    try:
        return schema.model_validate(plain(root))
    except ValidationError as error:
        details = error.errors(include_url=False)
    told = [each for each in details if not _stood_in_for(schema, root, each)]
    top = top or Mark(root.mark.file, 1, 1, 2)
    raise Refused(sorted((_problem(schema, root, top, each) for each in told), key=lambda each: each.mark))


def _stood_in_for(schema: type[Spec], root: Node, error: ErrorDetails) -> bool:
    """That `regions` is not simulated yet says enough; that `region` is missing would only mislead."""
    path = error["loc"]
    if error["type"] != "missing" or len(path) != 1 or not isinstance(root, Mapping):
        return False
    return schema.stand_ins.get(str(path[0])) in root.nodes


def _problem(schema: type[Spec], root: Node, top: Mark, error: ErrorDetails) -> Problem:
    path = error["loc"]
    if not path:
        noun = schema.noun
        return _at(root.mark, f"a {noun} file is a map, not {_kind(error['input'])}", "start with version: 1")
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(schema, root, path)
        case "missing":
            return _missing_key(schema, root, top, path)
        case "value_error":
            return _mistake(root, path, error)
        case _:
            return _wrong_type(root, path, error)


def _at(mark: Mark, message: str, advice: str = "") -> Problem:
    return Problem(mark, None, message, advice)


def _kind(value: object) -> str:
    return "nothing" if value is NOTHING else kind_of_value(value)


def field_name(path: tuple[str | int, ...]) -> str:
    """The last part of a path that is a word: what the user calls the place."""
    words = [part for part in path if isinstance(part, str) and part != KEY and part[:1].isalpha()]
    return words[-1] if words else "file"


def _unknown_key(schema: type[Spec], root: Node, path: tuple[str | int, ...]) -> Problem:
    owner, key = _owner(schema, root, path), str(path[-1])
    if key in owner.later:
        return _at(key_mark(root, path), f"{owner.noun}: {key} is not simulated yet")
    known = [field.alias or name for name, field in owner.model_fields.items()]
    meant = closest(key, known)
    advice = f"Did you mean {meant}?" if meant else f"it has {listed(known)}"
    return _at(key_mark(root, path), f"{owner.noun} has no {quoted(key)}", advice)


def _missing_key(schema: type[Spec], root: Node, top: Mark, path: tuple[str | int, ...]) -> Problem:
    owner = _owner(schema, root, path)
    parents = path[:-1]
    mark = key_mark(root, parents) if parents else top
    called = f"{owner.noun} {parents[-1]}" if parents else owner.noun
    return _at(mark, f"{called} lacks {path[-1]}")


def _mistake(root: Node, path: tuple[str | int, ...], error: ErrorDetails) -> Problem:
    mistake = error.get("ctx", {}).get("error")
    assert isinstance(mistake, Mistake), f"only Mistakes are raised in validators: {error}"
    message = f"{field_name(path)} {mistake.message}" if mistake.field else mistake.message
    mark = key_mark(root, path) if path[-1] == KEY else inside(find(root, path), mistake.span)
    if error["input"] is NOTHING:
        mark = key_mark(root, path)
    return _at(mark, message, mistake.advice)


def _wrong_type(root: Node, path: tuple[str | int, ...], error: ErrorDetails) -> Problem:
    name, given = field_name(path), error["input"]
    if given is NOTHING:
        none = "{}" if error["type"] == "dict_type" else "[]"
        return _at(key_mark(root, path), f"{name} is empty", f"leave it out, or write {none} for none")
    wanted = {"model_type": "a map", "dict_type": "a map", "list_type": "a list"}.get(error["type"])
    assert wanted is not None, f"validators here raise Mistakes: {error}"
    return _at(value_mark(root, path), f"{name} needs {wanted}, not {_kind(given)}")


def _owner(schema: type[Spec], root: Node, path: tuple[str | int, ...]) -> type[Spec]:
    """The model in which the last part of `path` was looked up."""
    owner, parts = schema, list(path[:-1])
    while parts:
        field = owner.model_fields[str(parts.pop(0))]
        model, wrapped = _model_in(field.annotation)
        if model is None:
            break
        if wrapped and parts:
            parts.pop(0)
        owner = model.kind_for(plain(find(root, path[: len(path) - 1 - len(parts)])))
    return owner


def _model_in(annotation: Any) -> tuple[type[Spec] | None, bool]:
    """The model that a field holds, and whether it holds many of them."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return annotation, False
    for argument in get_args(annotation):
        model, wrapped = _model_in(argument)
        if model is not None:
            return model, wrapped or get_origin(annotation) in (dict, list)
    return None, False
