"""How large an IPv4 packet may be on each way through a VPC, and what the hop that decides does with a larger one.

Where AWS answers, the sender learns what fits (RFC 1191); where it does not, the packet is gone without a word.
"""

from enum import Enum
from typing import NamedTuple

from netvirt.constant import Constant, Evidence
from netvirt.journey import Hop, Outcome

_EC2 = "EC2 User Guide, Network maximum transmission unit (MTU) for your EC2 instance"

MTU_BYTES = Constant("MTU_BYTES", 9001, 576, 9001, _EC2, "2026-11-20", Evidence.DOCUMENTED)
"""Of an interface, and so of a VPC and of peering in one region."""
INTERNET_MTU_BYTES = Constant("INTERNET_MTU_BYTES", 1500, 1500, 1500, _EC2, "2026-11-20", Evidence.DOCUMENTED)
"""Over an internet gateway."""
TRANSIT_MTU_BYTES = Constant(
    "TRANSIT_MTU_BYTES",
    8500,
    8500,
    8500,
    "Transit Gateway guide, Quotas for your transit gateways: maximum transmission unit (MTU)",
    "2026-11-21",
    Evidence.DOCUMENTED,
)
"""Between two VPCs at a transit gateway."""
NAT_MTU_BYTES = Constant(
    "NAT_MTU_BYTES", 8500, 1500, 8500, "VPC User Guide, NAT gateway basics", "2026-11-21", Evidence.DOCUMENTED
)
ENDPOINT_MTU_BYTES = Constant(
    "ENDPOINT_MTU_BYTES", 8500, 8500, 8500, "AWS PrivateLink quotas", "2026-11-21", Evidence.DOCUMENTED
)
VPN_MTU_BYTES = Constant(
    "VPN_MTU_BYTES",
    1446,
    1422,
    1446,
    "Site-to-Site VPN User Guide, Your customer gateway device: best practices",
    "2026-11-21",
    Evidence.DOCUMENTED,
)
"""At best: AES-GCM without NAT traversal."""
INTER_REGION_PEERING_MTU_BYTES = Constant(
    "INTER_REGION_PEERING_MTU_BYTES", 8500, 1500, 8500, _EC2, "2026-11-21", Evidence.DOCUMENTED
)


class Excess(Enum):
    """What becomes of a packet that is too large."""

    FRAGMENTED = "goes on in fragments"
    TOLD = "is dropped, and the sender is told what fits"
    SILENT = "is dropped without a word"


class Limit(NamedTuple):
    """The largest packet that a hop carries. `kind` and `name` are those of the hop, as in `netvirt.journey.Hop`."""

    kind: str
    name: str
    mtu: int
    fragments: bool
    """Packets that allow it (DF clear) go on in fragments."""
    tells: bool
    """Who sent one that does not allow it is told "fragmentation needed"."""

    def excess(self, size: int, dont_fragment: bool) -> Excess | None:
        """What becomes of a packet of `size` bytes; None: it fits."""
        if size <= self.mtu:
            return None
        if not dont_fragment:
            return Excess.FRAGMENTED if self.fragments else Excess.SILENT
        return Excess.TOLD if self.tells else Excess.SILENT

    def hop(self, size: int, dont_fragment: bool) -> Hop | None:
        """What is to be said of a packet of `size` bytes; nothing, when it fits."""
        excess = self.excess(size, dont_fragment)
        if excess is None:
            return None
        rule = f"{size} bytes and the largest is {self.mtu}: {excess.value}"
        if excess is Excess.FRAGMENTED:
            return Hop(self.kind, self.name, rule)
        advice = f"packets of {self.mtu} bytes" + (", or without DF" if self.fragments else "")
        return Hop(self.kind, self.name, rule, "", Outcome.OVERSIZE, "", advice)


def internet_gateway(name: str) -> Limit:
    """Packets over 1500 bytes "are fragmented, or they are dropped if the Don't Fragment flag is set"."""
    return Limit("igw", name, INTERNET_MTU_BYTES.value, fragments=True, tells=True)


def egress_only_internet_gateway(name: str) -> Limit:
    """IPv6's: nobody cuts its packets on the way."""
    return Limit("eigw", name, INTERNET_MTU_BYTES.value, fragments=False, tells=True)


def nat_gateway(name: str) -> Limit:
    """It tells its clients, and cuts what may be cut [inferred: the guide says "if applicable"]."""
    return Limit("nat", name, NAT_MTU_BYTES.value, fragments=True, tells=True)


def transit_gateway(name: str) -> Limit:
    """Since November 2024 it tells senders in VPCs. It makes no fragments: what is larger is dropped."""
    return Limit("tgw", name, TRANSIT_MTU_BYTES.value, fragments=False, tells=True)


def endpoint(name: str) -> Limit:
    """An interface endpoint: larger packets are dropped, and nobody is told."""
    return Limit("vpce", name, ENDPOINT_MTU_BYTES.value, fragments=False, tells=False)


def vpn(name: str) -> Limit:
    """A VPN connection: no jumbo packets, no path MTU discovery."""
    return Limit("vpn", name, VPN_MTU_BYTES.value, fragments=False, tells=False)


def inter_region_peering(name: str) -> Limit:
    """ "Fragmented, or dropped if the Don't Fragment flag is set", as everything beyond its limit."""
    return Limit("peering", name, INTER_REGION_PEERING_MTU_BYTES.value, fragments=True, tells=True)
