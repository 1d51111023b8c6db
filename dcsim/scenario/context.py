"""What resolving a scenario shares: the file, the topology's guests, the problems."""

from dataclasses import dataclass, field

from dcsim.fabric.layout import Layout
from dcsim.problem import Mark, Problem
from dcsim.request import RunInstances
from dcsim.scenario.scenario import GuestRef
from dcsim.scenario.schema import ScenarioFile
from dcsim.topology.names import several
from dcsim.topology.plan import INTERNET, Plan
from dcsim.topology.tree import Node, Path, key_mark, value_mark
from dcsim.topology.words import instead, listed, quoted


@dataclass(slots=True)
class Context:
    file: ScenarioFile
    root: Node
    plan: Plan
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    guests: dict[str, list[GuestRef]] = field(default_factory=dict)
    """By name, and by `vpc/name`."""
    layout: Layout = field(init=False)

    def __post_init__(self) -> None:
        self.layout = Layout(self.plan.region, self.plan.zones, self.plan.plant)
        for request in self.plan.requests:
            if isinstance(request, RunInstances):
                self._know(GuestRef(request.vpc, request.name))
        for outsider in self.plan.internet.instances:
            self._know(GuestRef(INTERNET, outsider.name))

    def _know(self, guest: GuestRef) -> None:
        self.guests.setdefault(guest.name, []).append(guest)
        self.guests[f"{guest.vpc}/{guest.name}"] = [guest]

    def key(self, path: Path) -> Mark:
        return key_mark(self.root, path)

    def value(self, path: Path) -> Mark:
        return value_mark(self.root, path)

    def complain(self, mark: Mark, message: str, advice: str = "") -> None:
        self.problems.append(Problem(mark, None, message, advice))

    def warn(self, mark: Mark, message: str, advice: str = "") -> None:
        self.warnings.append(Problem(mark, None, message, advice, warning=True))

    def guest(self, text: str, mark: Mark) -> GuestRef | None:
        found = self.guests.get(text, [])
        if len(found) == 1:
            return found[0]
        if found:
            names = listed(f"{each.vpc}/{each.name}" for each in found)
            places = "places" if any(each.is_outside for each in found) else "VPCs"
            self.complain(mark, f"{text} is in several {places}: {names}", "Name one of these")
            return None
        copies = several(text, [name for name in self.guests if ("/" in name) == ("/" in text)], self.plan.zones)
        if copies:
            self.complain(mark, copies.message, copies.advice)
        else:
            known = [name for name in self.guests if "/" not in name]
            self.complain(mark, f"no instance {quoted(text)}", instead(text, known, f"{self.plan.name} has"))
        return None
