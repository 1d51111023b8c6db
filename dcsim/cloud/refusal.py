"""How a verb says no: EC2's error code, at the place in the user's file that asked."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from dcsim.asked import Asked
from dcsim.problem import Problem, Refused

T = TypeVar("T")


class Missing(Refused):
    """What the request refers to is not there. In a file, whose names all exist, it was refused before."""


def refusal(request: Asked, code: str, message: str, advice: str = "", *, field: str = "") -> Refused:
    """`field` is the culprit, where it is one."""
    return Refused([Problem(request.where(field), code, message, advice)])


def find(known: Mapping[str, T], name: str, request: Asked, code: str, noun: str) -> T:
    """The resource of that name, or EC2's NotFound, with what there is."""
    found = known.get(name)
    if found is None:
        near = get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
        raise Missing([Problem(request.mark, code, f"no {noun} '{name}'", hint)])
    return found
