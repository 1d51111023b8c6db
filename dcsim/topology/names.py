"""Names and what they refer to: `net` is `net-a` here, `net-b` there, and sometimes all of them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dcsim.problem import Mark, Mistake, Problem
from dcsim.topology.fields import EVERY_ZONE, Spec
from dcsim.topology.tree import Path
from dcsim.topology.words import instead, listed, number, quoted

Fields = TypeVar("Fields", bound=Spec)


def several(text: str, names: Iterable[str], zones: Sequence[str]) -> Mistake | None:
    """What to say when `text` is not one of `names`, but that of which several are copies (per_zone, count)."""
    zone = "|".join(map(re.escape, zones))
    copy = re.compile(rf"{re.escape(text)}(-(?:{zone}))?(-[0-9]+)?")
    copies = [name for name in names if copy.fullmatch(name)]
    if text in copies or len(copies) < 2:
        return None
    return Mistake(f"{text} is {number(len(copies))} ({listed(copies)})", "Name one")


@dataclass(frozen=True, slots=True)
class Copy(Generic[Fields]):
    """One resource to be: `net-a` of `net`. `zone` is None for what is not made per zone."""

    name: str
    zone: str | None
    fields: Fields
    own: Fields | None
    """What this zone says differently; already in `fields`."""
    path: Path
    """Where the resource is written, all copies of it."""

    def where(self, name: str) -> Path:
        """Where this copy's value of a field is written."""
        if self.own is not None and name in self.own.model_fields_set:
            assert self.zone is not None, "only zones differ"
            return [*self.path, "per_zone", self.zone, name]
        return [*self.path, name]


def zone_copies(
    name: str, base: Fields, per_zone: dict[str, Fields] | None, zones: Sequence[str], path: Path
) -> list[Copy[Fields]]:
    """The copies of a resource, in the order of `zones`; zones that do not exist are left out."""
    if per_zone is None:
        return [Copy(name, None, base, None, path)]
    wanted = zones if EVERY_ZONE in per_zone else [zone for zone in zones if zone in per_zone]
    return [_zone_copy(name, zone, base, per_zone.get(zone), path) for zone in wanted]


def _zone_copy(name: str, zone: str, base: Fields, own: Fields | None, path: Path) -> Copy[Fields]:
    different = {key: getattr(own, key) for key in own.model_fields_set} if own else {}
    return Copy(f"{name}-{zone}", zone, base.model_copy(update=different), own, path)


@dataclass(frozen=True, slots=True)
class Named:
    """What a reference may mean; `zone` as in Copy, or a single subnet's own."""

    name: str
    zone: str | None
    per_zone: bool


@dataclass(frozen=True, slots=True)
class Catalog:
    """The names of one kind in one VPC. `builtin` is what EC2 makes by itself."""

    noun: str
    vpc: str
    builtin: str | None = None
    meanings: dict[str, list[Named]] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)

    def add(self, groups: Iterable[str], named: Named, mark: Mark) -> Problem | None:
        """Register a resource under its own name and those of the groups of copies it belongs to."""
        if named.name == self.builtin:
            message = f"the {self.noun} {named.name} is there already"
            return Problem(mark, None, message, f"EC2 makes it with {self.vpc}. Choose another name")
        if named.name in self.marks:
            first = self.marks[named.name].line
            message = f"two {self.noun}s are called {named.name}"
            return Problem(mark, None, message, f"the first is at line {first}")
        self.marks[named.name] = mark
        for group in {named.name: None, **dict.fromkeys(groups)}:
            self.meanings.setdefault(group, []).append(named)
        return None

    def every(self) -> list[str]:
        return list(self.marks)

    def all_of(self, text: str, mark: Mark) -> list[Named] | Problem:
        """Everything that a name means."""
        if text == self.builtin:
            return [Named(text, None, False)]
        meant = self.meanings.get(text)
        if meant:
            return meant
        known = self.every() or ([self.builtin] if self.builtin else [])
        advice = instead(text, known, f"{self.vpc} has") if known else f"{self.vpc} has none"
        return Problem(mark, None, f"no {self.noun} {quoted(text)}", advice)

    def for_copy(self, text: str, zone: str | None, asker: str, mark: Mark) -> list[Named] | Problem:
        """As `all_of`, but a copy in a zone means its siblings there."""
        meant = self.all_of(text, mark)
        if isinstance(meant, Problem) or zone is None or not all(each.per_zone for each in meant):
            return meant
        if [each.name for each in meant] == [text]:
            return meant
        siblings = [each for each in meant if each.zone == zone]
        if siblings:
            return siblings
        there = listed(dict.fromkeys(each.zone or "" for each in meant))
        message = f"{asker} needs {text} in zone {zone}; {text} is in {there}"
        return Problem(mark, None, message, f"Name one, or leave zone {zone} out")

    def one_for(self, text: str, zone: str | None, asker: str, mark: Mark) -> Named | Problem:
        meant = self.for_copy(text, zone, asker, mark)
        if isinstance(meant, Problem):
            return meant
        if len(meant) == 1:
            return meant[0]
        names = listed(each.name for each in meant)
        message = f"{asker} needs one {self.noun}; {text} is {number(len(meant))} ({names})"
        per_zone = zone is None and all(each.per_zone for each in meant)
        return Problem(mark, None, message, "Name one, or add per_zone: true" if per_zone else "Name one")
