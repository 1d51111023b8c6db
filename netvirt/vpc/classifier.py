"""Finds the first rule of a list that speaks about a packet, without asking every one.

Rules are sorted by traffic when the first packet of its kind comes, and by peer within: a lookup a prefix length.
"""

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from netvirt.address import ANY_IP, EVERYWHERE, EVERYWHERE_IPV6, Cidr, Ip
from netvirt.frame import Flow
from netvirt.vpc.prefix_list import PrefixList
from netvirt.vpc.traffic import ANY, Traffic

Members = Mapping[str, frozenset[Ip]]
"""Group id -> the private addresses of the interfaces that carry the group."""

MOST_KINDS = 1_024
"""Kinds of traffic remembered; who sends more (every ICMP type and code) makes us sort again."""


class Rule(Protocol):
    """`peer` is a block, a prefix list, or the id of a group whose members it means."""

    @property
    def traffic(self) -> Traffic: ...
    @property
    def peer(self) -> Cidr | PrefixList | str: ...


R = TypeVar("R", bound=Rule)


class _ByPeer(Generic[R]):
    """Rules about the same traffic, each with its place in the list."""

    def __init__(self, rules: Iterable[R]) -> None:
        blocks: dict[int, dict[int, tuple[int, R]]] = {}
        groups: list[tuple[int, str, R]] = []
        everyone: set[bool] = set()
        for place, rule in enumerate(rules):
            peer = rule.peer
            if isinstance(peer, str):
                groups.append((place, peer, rule))
                continue
            for block in (peer,) if isinstance(peer, Cidr) else peer.entries:
                # Minus a size keeps the family's bit, so that no address finds a block of the other family.
                blocks.setdefault(-block.size, {}).setdefault(block.network, (place, rule))
                if block in (EVERYWHERE, EVERYWHERE_IPV6):
                    everyone.add(block.is_ipv6)
        self._blocks = tuple(blocks.items())
        self._groups = tuple(groups)
        self.for_everyone = frozenset(everyone)

    def first(self, peer: Ip, members: Members) -> R | None:
        best: tuple[int, R] | None = None
        for mask, blocks in self._blocks:
            found = blocks.get(peer & mask)
            if found is not None and (best is None or found[0] < best[0]):
                best = found
        for place, group, rule in self._groups:
            if best is not None and best[0] < place:
                break
            if peer in members.get(group, ()):
                return rule
        return None if best is None else best[1]


class Classifier(Generic[R]):
    """A list of rules in the order in which they count."""

    def __init__(self, rules: Sequence[R]) -> None:
        self._rules = rules
        # Between two neighbouring bounds, no rule tells one port from another.
        self._bounds = sorted(
            {port for rule in rules for port in (rule.traffic.first_port, rule.traffic.last_port + 1)}
        )
        self._kinds: dict[tuple[int, int, int, int], _ByPeer[R]] = {}

    def first(self, flow: Flow, peer: Ip, members: Members) -> R | None:
        """The first rule that speaks about this flow with this peer."""
        return self._about(flow.protocol, flow.dst_port, flow.icmp_type, flow.icmp_code).first(peer, members)

    def for_everyone(self, protocol: int, port: int, ipv6: bool) -> bool:
        """Is there a rule about TCP or UDP to this port that means all addresses of a family? To every port, with
        NO_PORT."""
        return ipv6 in self._about(protocol, port, ANY, ANY).for_everyone

    def _about(self, protocol: int, port: int, icmp_type: int, icmp_code: int) -> _ByPeer[R]:
        kind = protocol, bisect(self._bounds, port), icmp_type, icmp_code
        found = self._kinds.get(kind)
        if found is None:
            if len(self._kinds) >= MOST_KINDS:
                self._kinds.clear()
            like = Flow(protocol, ANY_IP, ANY_IP, dst_port=port, icmp_type=icmp_type, icmp_code=icmp_code)
            found = self._kinds[kind] = _ByPeer(rule for rule in self._rules if rule.traffic.matches(like))
        return found
