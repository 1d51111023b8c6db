"""What a folder holds that the topology has not, or has otherwise: said once each, with counts."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from dcsim.topology.words import plural

LISTED = 6
"""So many are named; of the rest, the number."""


def printable(text: str) -> str:
    """Tags may hold anything; one line, nothing that a terminal or a file would take for more than text."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def some(names: list[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(map(printable, names[:LISTED])) + (f" and {more} more" if more > 0 else "")


def _counted(head: str, every: dict[tuple[str, str], dict[str, None]]) -> Iterator[str]:
    if every:
        yield head
    for (noun, what), names in sorted(every.items()):
        words = f"{plural(len(names), noun)} {what}".rstrip()
        yield f"- {words}: {some(list(names))}"


@dataclass(slots=True)
class Notes:
    """`left_out`, `unknown`: what -> whom. `missing`: the command that would tell -> who is named without it."""

    left_out: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    unknown: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    changed: dict[str, None] = field(default_factory=dict)
    missing: dict[str, dict[str, None]] = field(default_factory=dict)

    def leave_out(self, noun: str, name: str, what: str = "") -> None:
        """`noun` in the singular; `what` follows it: `route`, `to a NAT gateway`."""
        self.left_out.setdefault((noun, what), {})[name] = None

    def lead_to_unknown(self, noun: str, name: str, what: str) -> None:
        """As `leave_out`; it is there, and says that dcsim does not know what becomes of a packet."""
        self.unknown.setdefault((noun, what), {})[name] = None

    def change(self, sentence: str) -> None:
        self.changed[sentence] = None

    def miss(self, command: str, name: str) -> None:
        self.missing.setdefault(command, {})[name] = None

    def lines(self) -> list[str]:
        """For people, at the head of the file and on the terminal."""
        lines = [*_counted("Left out:", self.left_out), *_counted("Unknown to dcsim:", self.unknown)]
        if self.changed:
            lines += ["Not as in AWS:", *(f"- {sentence}" for sentence in self.changed)]
        if self.missing:
            lines.append("Not in the folder:")
        for command, names in sorted(self.missing.items()):
            lines.append(f"- {some(list(names))}: run {command}")
        return lines
