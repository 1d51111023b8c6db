"""What happened to a packet: its outcome, and the hops that decided it."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Outcome(Enum):
    """How a packet's way ended. Values are what users read in summaries, captures and traces."""

    DELIVERED = "delivered"
    CONSUMED = "consumed"
    # The guest's own edge.
    MALFORMED = "malformed"
    SPOOFED = "spoofed source"
    OVERSIZE = "larger than the MTU"
    NO_RX_BUFFER = "no receive buffer"
    GUEST_DOWN = "guest is down"
    # Layer 2 inside the host.
    UNANSWERED = "nobody has that address"
    UNKNOWN_MAC = "no interface has that destination MAC"
    LINK_LOCAL_LIMIT = "more than the link-local allowance"
    BROADCAST = "broadcast and multicast are not supported"
    # The rules of the VPC.
    SOURCE_DEST_CHECK = "source/destination check"
    SECURITY_GROUP = "security group"
    NETWORK_ACL = "network ACL"
    NO_ROUTE = "no route"
    BLACKHOLE = "route's target is gone"
    NO_MAPPING = "no such address in the VPC"
    GATEWAY = "refused by the gateway"
    FRAGMENT = "fragments are not forwarded"
    NO_TRANSLATION = "no translation"
    NO_PORT = "no port left"
    TTL_EXPIRED = "time to live is over"
    NOT_TRANSITIVE = "peering is not transitive"
    TRACKING_FULL = "connection tracking table is full"
    # The overlay.
    UNVERIFIED_SENDER = "sender does not own the source address"
    STALE_MAPPING = "interface is not on this host"
    # The physical network.
    QUEUE_FULL = "queue full"
    LINK_DOWN = "link down"
    LOST = "lost on the link"
    POWER_LOST = "power lost in flight"
    UNREACHABLE = "no path in the physical network"
    # Honest ignorance: not allowed, not blocked.
    UNKNOWN = "not modelled"


class Hop(NamedTuple):
    """One step of a packet's way.

    `kind` and `name` say what was met, `rule` the sentence that decided, `written` where that sentence stands
    (`file:line`, empty when nobody wrote it), `code` Reachability Analyzer's explanation code when it blocked.
    """

    kind: str
    name: str
    rule: str
    written: str = ""
    outcome: Outcome | None = None
    code: str = ""
    advice: str = ""

    @property
    def blocked(self) -> bool:
        return self.outcome is not None and self.outcome is not Outcome.DELIVERED

    @property
    def label(self) -> str:
        """What was met, in words: `acl edge`; of what has a place of its own, the name alone."""
        bare = self.kind in ("source", "destination", "link", "host", "guest")
        return self.name if bare else f"{self.kind} {self.name}".strip()

    @property
    def sentence(self) -> str:
        return f"{self.label}: {self.rule}"


@dataclass(frozen=True, slots=True)
class Journey:
    """All hops of a packet, in order, and how it ended."""

    hops: tuple[Hop, ...]
    outcome: Outcome

    @property
    def delivered(self) -> bool:
        return self.outcome is Outcome.DELIVERED

    @property
    def blockers(self) -> tuple[Hop, ...]:
        return tuple(hop for hop in self.hops if hop.blocked)
