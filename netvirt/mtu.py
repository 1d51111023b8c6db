"""How large an IPv4 packet may be on each way through a VPC, and what the hop that decides does with a larger one.

Where AWS answers, the sender learns what fits (RFC 1191); where it does not, the packet is gone without a word.
"""

from enum import Enum
from typing import NamedTuple

from netvirt.constant import Constant, Evidence

_EC2 = "EC2 User Guide, Network maximum transmission unit (MTU) for your EC2 instance"

MTU_BYTES = Constant("MTU_BYTES", 9001, 576, 9001, _EC2, "2026-11-20", Evidence.DOCUMENTED)
"""Of an interface, and so of a VPC and of peering in one region."""
INTERNET_MTU_BYTES = Constant("INTERNET_MTU_BYTES", 1500, 1500, 1500, _EC2, "2026-11-20", Evidence.DOCUMENTED)
"""Over an internet gateway."""


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


def internet_gateway(name: str) -> Limit:
    """Packets over 1500 bytes "are fragmented, or they are dropped if the Don't Fragment flag is set"."""
    return Limit("igw", name, INTERNET_MTU_BYTES.value, fragments=True, tells=True)
