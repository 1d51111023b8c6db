"""Who reaches whom: the answer of `dcsim.trace` for every pair of guests and every kind of traffic.

Guests that no rule tells apart share their answers, so that many copies cost little. That is exact while nothing has
failed and nothing was tracked yet, so the world is built here, from its plan.
"""

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from dcsim.problem import Mistake
from dcsim.reach.traffic import Kind, kinds
from dcsim.topology.plan import Plan
from dcsim.trace import Traced, trace
from dcsim.traffic_spec import TrafficSpec
from dcsim.world import Guest, World, build
from netvirt.address import ANY_IPV6, Cidr
from netvirt.frame import Flow
from netvirt.journey import Hop, Journey, Outcome
from netvirt.vpc.prefix_list import PrefixList
from netvirt.vpc.route_table import ToInterface

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one kind of packet and its reply. `shadowed`: it went to another guest with that address."""

    source: str
    destination: str
    traffic: TrafficSpec
    traced: Traced
    shadowed: bool

    @property
    def reachable(self) -> bool:
        return self.traced.reachable and not self.shadowed


@dataclass(slots=True)
class Reach:
    """A region just after power-on, and what its guests reach."""

    world: World
    guests: dict[str, Guest] = field(init=False)
    """By the name that means them alone."""
    kinds: tuple[Kind, ...] = field(init=False)
    _looks: dict[str, Hashable] = field(init=False)
    _known: dict[tuple[Hashable, Hashable], tuple[Kind, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        namesakes = Counter(guest.name for guest in self.world)
        self.guests = {
            guest.name if namesakes[guest.name] == 1 else self.world.full_name(guest): guest for guest in self.world
        }
        self.kinds = kinds(self.world.control.vpcs.values())
        look = _Look(self.world)
        self._looks = {name: look.of(guest) for name, guest in self.guests.items()}

    def ask(self, source: str, destination: str, traffic: TrafficSpec) -> Answer:
        asker, asked = self.guests[source], self.guests[destination]
        try:
            address = self.world.address_for(asker, asked, traffic.ipv6)
        except Mistake as mistake:
            return Answer(source, destination, traffic, _unspoken(source, destination, mistake.message), False)
        traced = trace(self.world, asker, address, traffic)
        # An address is first of all one of the own VPC.
        shadowed = asker.placed.vpc is not asked.placed.vpc and address in asker.placed.vpc.by_address
        return Answer(source, destination, traffic, traced, shadowed)

    def passing(self, source: str, destination: str) -> tuple[Kind, ...]:
        """The kinds of traffic that get there, and whose replies come back."""
        pair = self._looks[source], self._looks[destination]
        if pair not in self._known:
            self._known[pair] = tuple(
                kind for kind in self.kinds if self.ask(source, destination, kind.example).reachable
            )
        return self._known[pair]

    def pairs(self) -> Iterator[Pair]:
        """Everybody with everybody else."""
        return ((source, destination) for source in self.guests for destination in self.guests if source != destination)


def reach(plan: Plan) -> Reach:
    """Refused when the plan cannot be carried out."""
    world = build(plan)
    # Guests start in the first moment.
    world.clock.run(until=1)
    return Reach(world)


class _Look:
    """What rules, routes and blocks can see of a guest; equal for guests that nothing tells apart."""

    def __init__(self, world: World) -> None:
        vpcs = world.control.vpcs.values()
        self._groups = {group.id: group for vpc in vpcs for group in vpc.groups.values()}
        rules = [rule for group in self._groups.values() for rule in (*group.ingress, *group.egress)]
        entries = [entry for vpc in vpcs for acl in vpc.acls.values() for entry in (*acl.ingress, *acl.egress)]
        routes = [route for vpc in vpcs for table in vpc.tables.values() for route in table.routes]
        blocks = [rule.peer for rule in rules if isinstance(rule.peer, Cidr)] + [entry.peer for entry in entries]
        blocks += [block for rule in rules if isinstance(rule.peer, PrefixList) for block in rule.peer.entries]
        self._blocks = list(dict.fromkeys([*blocks, *(block for route in routes for block in route.blocks)]))
        self._peers = list(dict.fromkeys(rule.peer for rule in rules if isinstance(rule.peer, str)))
        self._targets = {route.target.eni for route in routes if isinstance(route.target, ToInterface)}
        self._vpcs = [cidr for vpc in vpcs for cidr in vpc.cidrs]

    def of(self, guest: Guest) -> Hashable:
        interface = guest.placed.interface
        at_home = sum(block.holds(interface.address) for block in self._vpcs) == 1
        if interface.id in self._targets or not at_home:
            # Where an address or a name leads elsewhere, nobody is like another.
            return interface.id
        addresses = [interface.address, *filter(None, [interface.facing(ANY_IPV6)])]
        groups = [self._groups[group] for group in interface.groups]
        return (
            guest.placed.vpc.name,
            interface.subnet,
            interface.source_dest_check,
            frozenset((rule.traffic, rule.peer) for group in groups for rule in group.ingress),
            frozenset((rule.traffic, rule.peer) for group in groups for rule in group.egress),
            tuple(peer in interface.groups for peer in self._peers),
            tuple(block.holds(address) for address in addresses for block in self._blocks),
            len(addresses),
        )


def _unspoken(source: str, destination: str, why: str) -> Traced:
    """Nothing is sent where one of both lacks the family's address."""
    hop = Hop("source", source, why, "", Outcome.NO_MAPPING, "NO_SOURCE_OR_DESTINATION")
    flow = Flow(0, ANY_IPV6, ANY_IPV6)
    return Traced(source, destination, destination, flow, Journey((hop,), Outcome.NO_MAPPING), None, 0, ())
