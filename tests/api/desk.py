"""A region, and calls of its control plane as a program writes them."""

import pytest
from gateway.lab import REGION, World
from journeys.lab import HERE, MS

from dcsim.api.verbs import asked
from dcsim.problem import Refused
from dcsim.topology.python import Value, properties_of

__all__ = ["HERE", "MS", "REGION", "Desk"]


class Desk(World):
    """Verbs by name; `do` waits until everybody has heard."""

    def ask(self, verb: str, **properties: Value) -> str:
        return self.world.call(asked(self.world.control, verb, properties_of(properties, HERE), HERE))

    def do(self, verb: str, **properties: Value) -> str:
        made = self.ask(verb, **properties)
        self.wait(self.propagation_ns + 1)
        return made

    def refusal(self, verb: str, **properties: Value) -> str:
        """What is said, without where."""
        with pytest.raises(Refused) as refused:
            self.ask(verb, **properties)
        return "; ".join(str(problem).removeprefix(f"{problem.mark}: ") for problem in refused.value.problems)
