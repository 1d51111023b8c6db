"""Numbers that the real world decided, each with where it comes from and how sure we are."""

from dataclasses import dataclass
from enum import Enum


class Evidence(Enum):
    DOCUMENTED = "documented"
    MEASURED = "measured"
    THIRD_PARTY = "third-party"
    INFERRED = "inferred"


@dataclass(frozen=True, slots=True)
class Constant:
    """A default of the simulated world.

    `value` is in the unit the name ends with; `low`..`high` is the range that reality may lie in;
    `source` names the document and its section; `seen` is the date the source was read.
    """

    name: str
    value: int
    low: int
    high: int
    source: str
    seen: str
    evidence: Evidence

    def __post_init__(self) -> None:
        assert self.low <= self.value <= self.high, self.name
