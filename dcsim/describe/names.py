"""Names for what has ids: the Name tag as far as a topology file can have it, told apart where several have it."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from dcsim.topology.fields import NAME

LONGEST = 48
"""Leaves room for a zone and a number."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`name` is what it would like to be called, empty for its id; `zone` tells namesakes apart."""

    id: str
    name: str
    zone: str = ""


def cleaned(text: str, noun: str = "") -> str:
    """Letters, digits, - and _, starting with a letter; empty when nothing of that is left."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", letters).strip("-_")
    if name[:1].isdigit():
        name = f"{noun or 'n'}-{name}"
    return name[:LONGEST].rstrip("-_")


def without_region(tag: str, region: str) -> str:
    """Zones are called by their letter here: `app-eu-west-1a` is `app-a`."""
    return re.sub(rf"{re.escape(region)}(?=[a-z]\b)", "", tag)


def distinct(wanted: Iterable[Wanted], taken: Collection[str] = ()) -> dict[str, str]:
    """A name for every id. Namesakes are told apart by their zones, as the copies of `per_zone` are, or numbered;
    whoever is alone with a name keeps it."""
    every = list(wanted)
    bases = {each.id: cleaned(each.name) or cleaned(each.id, "n") or "unnamed" for each in every}
    count = Counter(bases.values())
    names = {each: base for each, base in bases.items() if count[base] == 1 and base not in taken}
    used = {*names.values(), *taken}
    places = Counter((bases[each.id], each.zone) for each in every)
    for each in every:
        if each.id in names:
            continue
        base = bases[each.id]
        alone = count[base] > 1 and places[base, each.zone] == 1
        names[each.id] = _free(f"{base}-{each.zone}" if each.zone and count[base] > 1 else base, used, alone)
        used.add(names[each.id])
    assert all(NAME.fullmatch(name) for name in names.values()), "cleaned names are names"
    return names


def _free(base: str, used: Collection[str], alone: bool) -> str:
    if alone and base not in used:
        return base
    number = 1
    while f"{base}-{number}" in used:
        number += 1
    return f"{base}-{number}"
