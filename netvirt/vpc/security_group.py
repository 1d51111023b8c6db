"""Security groups: allow rules only, a union over all groups of an interface, stateful.

VPC User Guide, "Control traffic to your AWS resources using security groups";
EC2 User Guide, "Amazon EC2 security group connection tracking".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from netvirt.address import Cidr, is_ipv6
from netvirt.frame import Flow
from netvirt.vpc.classifier import Classifier
from netvirt.vpc.prefix_list import PrefixList
from netvirt.vpc.traffic import NO_PORT, TCP, UDP, Traffic


@dataclass(frozen=True, slots=True)
class GroupRule:
    """`peer` is a block, a prefix list, or the id of a group whose members' private addresses it means."""

    traffic: Traffic
    peer: Cidr | PrefixList | str
    text: str
    written: str = ""


@dataclass(frozen=True)
class SecurityGroup:
    """Without slots, so that each of its lists is sorted once."""

    id: str
    name: str
    ingress: tuple[GroupRule, ...]
    egress: tuple[GroupRule, ...]

    @cached_property
    def inward(self) -> Classifier[GroupRule]:
        return Classifier(self.ingress)

    @cached_property
    def outward(self) -> Classifier[GroupRule]:
        return Classifier(self.egress)


def untracked(
    permitting: Iterable[Classifier[GroupRule]], opposite: Iterable[Classifier[GroupRule]], flow: Flow
) -> bool:
    """Is a flow that the rules permit let through without a record?

    TCP and UDP only: a rule permits it for all addresses, and the opposite direction has a rule that permits
    all addresses on all ports, of the flow's family; the reply is then judged by that rule (connection tracking,
    "Untracked connections").
    """
    if flow.protocol not in (TCP, UDP):
        return False
    ipv6 = is_ipv6(flow.src)
    if not any(rules.for_everyone(flow.protocol, flow.dst_port, ipv6) for rules in permitting):
        return False
    return any(rules.for_everyone(flow.protocol, NO_PORT, ipv6) for rules in opposite)
