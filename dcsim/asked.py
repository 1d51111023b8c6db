"""What every request to the control plane says: where in the user's file it was asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dcsim.problem import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`marks` are the places of single fields, where the file has them apart."""

    mark: Mark = field(compare=False)
    marks: Mapping[str, Mark] | None = field(default=None, compare=False)
    words: str = field(default="", compare=False)
    """How a caller at run time put it: `route_table: private, destination: 0.0.0.0/0`."""

    def where(self, name: str) -> Mark:
        """The place of a field, or of the whole request."""
        return (self.marks or {}).get(name, self.mark)
