"""dcsim for programs: `from dcsim import Topology, build, load`. Names are found when they are asked for."""

from pathlib import Path

from dcsim.api.verbs import asked
from dcsim.problem import Mistake
from dcsim.request import Verb
from dcsim.topology.load import load
from dcsim.topology.plan import Plan
from dcsim.topology.python import Topology, Value, calling_mark, properties_of
from dcsim.trace import Traced
from dcsim.trace import trace as trace_packet
from dcsim.traffic_spec import parse_traffic
from dcsim.world import Guest, build_as
from dcsim.world import World as _World
from netvirt.address import Ip, parse_address

__all__ = ["Topology", "Traced", "World", "build", "load"]


class World(_World):
    """A built region, and what can be asked of it by name."""

    def trace(self, source: Guest | str, destination: Guest | str, traffic: str) -> Traced:
        """The way of such a packet now, and of its reply: `world.trace("left", "10.0.2.4", "tcp 22").reachable`.

        `destination` is a guest or an address. KeyError for a name that nobody has, Mistake for other words.
        """
        asker = self[source] if isinstance(source, str) else source
        wanted = parse_traffic(traffic)
        return trace_packet(self, asker, self._address(asker, destination, wanted.ipv6), wanted)

    def call(self, request: Verb | str, **properties: Value) -> str:
        """An API call by EC2's name, with properties called and written as in a topology file; hosts learn of it later:
        `world.call("ReplaceRoute", route_table="shop/private", destination="0.0.0.0/0", target="nat-b")`.

        Returns the id of what was made or changed. Refused, with EC2's code, when nothing was.
        """
        if isinstance(request, str):
            mark = calling_mark(__file__)
            request = asked(self.control, request, properties_of(properties, mark), mark)
        return super().call(request)

    def _address(self, asker: Guest, destination: Guest | str, ipv6: bool) -> Ip:
        if isinstance(destination, str):
            # Names start with a letter.
            if destination[:1].isdigit() or ":" in destination:
                return _parse(destination)
            destination = self[destination]
        return self.address_for(asker, destination, ipv6) if ipv6 else destination.placed.interface.address


def _parse(text: str) -> Ip:
    try:
        return parse_address(text)
    except ValueError:
        if ":" in text:
            raise Mistake(f"'{text}' is not an IPv6 address", "write it like 2001:db8::4, or name a guest") from None
        raise Mistake(f"'{text}' is not an IPv4 address", "write it like 10.0.0.4, or name a guest") from None


def build(source: Plan | Topology | str | Path, seed: int = 0) -> World:
    """The world of a topology, of its plan, or of its file, with its guests on; Refused with every problem in it."""
    if isinstance(source, str | Path):
        source = load(source)
    world = build_as(World, source.plan() if isinstance(source, Topology) else source, seed)
    # Guests start in the first moment.
    world.clock.run(until=1)
    return world
