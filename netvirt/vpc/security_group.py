"""Security groups: allow rules only, a union over all groups of an interface, stateful.

VPC User Guide, "Control traffic to your AWS resources using security groups";
EC2 User Guide, "Amazon EC2 security group connection tracking".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netvirt.address import EVERYWHERE, Cidr, Ip
from netvirt.frame import Flow
from netvirt.vpc.traffic import ALL_PROTOCOLS, TCP, UDP, Traffic

Members = Mapping[str, frozenset[Ip]]
"""Group id -> the private addresses of the interfaces that carry the group."""


@dataclass(frozen=True, slots=True)
class GroupRule:
    """`peer` is a block, or the id of a group whose members' private addresses it means."""

    traffic: Traffic
    peer: Cidr | str
    text: str
    written: str = ""

    def matches(self, flow: Flow, peer: Ip, members: Members) -> bool:
        if isinstance(self.peer, Cidr):
            if not self.peer.holds(peer):
                return False
        elif peer not in members.get(self.peer, ()):
            return False
        return self.traffic.matches(flow)

    @property
    def for_everyone(self) -> bool:
        return self.peer == EVERYWHERE


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    id: str
    name: str
    ingress: tuple[GroupRule, ...]
    egress: tuple[GroupRule, ...]


def allowing(rules: Iterable[GroupRule], flow: Flow, peer: Ip, members: Members) -> list[GroupRule]:
    """Every rule that permits the flow: which of them decides if it is tracked, see `untracked`."""
    return [rule for rule in rules if rule.matches(flow, peer, members)]


def untracked(permitting: Iterable[GroupRule], opposite: Iterable[GroupRule], flow: Flow) -> bool:
    """Is this flow let through without a record?

    TCP and UDP only: a rule permits it for all addresses, and the opposite direction has a rule that permits
    all addresses on all ports; the reply is then judged by that rule (connection tracking, "Untracked connections").
    """
    if flow.protocol not in (TCP, UDP):
        return False
    if not any(rule.for_everyone for rule in permitting):
        return False
    return any(
        rule.for_everyone and rule.traffic.protocol in (ALL_PROTOCOLS, flow.protocol) and rule.traffic.every_port
        for rule in opposite
    )
