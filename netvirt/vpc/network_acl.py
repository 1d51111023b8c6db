"""Network ACLs: numbered, stateless, first match decides, and `*` denies the rest.

VPC User Guide, "Control traffic to subnets using network ACLs".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from netvirt.address import Cidr, Ip
from netvirt.frame import Flow
from netvirt.vpc.traffic import Traffic

LAST_RULE = "* deny all"
"""The implicit last entry of every list (rule 32767)."""


@dataclass(frozen=True, slots=True)
class AclEntry:
    number: int
    allow: bool
    traffic: Traffic
    peer: Cidr
    text: str
    written: str = ""

    def matches(self, flow: Flow, peer: Ip) -> bool:
        return self.peer.holds(peer) and self.traffic.matches(flow)


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """Entries are in order of their numbers. `peer` of an ingress entry is the source, of an egress one the target."""

    id: str
    name: str
    ingress: tuple[AclEntry, ...]
    egress: tuple[AclEntry, ...]


def decide(entries: Sequence[AclEntry], flow: Flow, peer: Ip) -> AclEntry | None:
    """The entry that decides, or None when only `*` is left, which denies."""
    for entry in entries:
        if entry.matches(flow, peer):
            return entry
    return None
