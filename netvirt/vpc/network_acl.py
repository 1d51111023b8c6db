"""Network ACLs: numbered, stateless, first match decides, and `*` denies the rest.

VPC User Guide, "Control traffic to subnets using network ACLs".
"""

from dataclasses import dataclass
from functools import cached_property

from netvirt.address import Cidr, Ip
from netvirt.frame import Flow
from netvirt.vpc.classifier import Classifier
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


@dataclass(frozen=True)
class NetworkAcl:
    """Entries are in order of their numbers, and the first one decides; when there is none, `*` denies.

    `peer` of an ingress entry is the source, of an egress one the target. Without slots, so that each list is sorted
    once.
    """

    id: str
    name: str
    ingress: tuple[AclEntry, ...]
    egress: tuple[AclEntry, ...]

    @cached_property
    def inward(self) -> Classifier[AclEntry]:
        return Classifier(self.ingress)

    @cached_property
    def outward(self) -> Classifier[AclEntry]:
        return Classifier(self.egress)
