"""Which connection the later fragments of a datagram belong to: they carry no ports, and follow their first."""

from collections import OrderedDict

from netvirt.address import Ns
from netvirt.appliance.translations import Session
from netvirt.constant import Constant, Evidence
from netvirt.frame import Flow

FRAGMENT_NS = Constant(
    "FRAGMENT_NS",
    30_000_000_000,
    1_000_000_000,
    120_000_000_000,
    "no AWS document; Linux net.ipv4.ipfrag_time",
    "2026-11-20",
    Evidence.INFERRED,
)
"""From a first fragment until later ones are too late."""
FRAGMENTS_LIMIT = 4_096
"""Datagrams remembered; the oldest goes first."""

_Datagram = tuple[int, int, int, int]


class Fragments:
    def __init__(self) -> None:
        self._known: OrderedDict[_Datagram, tuple[Session, bool, Ns]] = OrderedDict()

    def find(self, flow: Flow, identification: int, now: Ns) -> tuple[Session, bool] | None:
        """The connection of a later fragment, and whether it goes outward."""
        if not flow.fragment_offset:
            return None
        session, outward, until = self._known.get(_datagram(flow, identification), (None, False, Ns(0)))
        return None if session is None or min(until, session.expires) <= now else (session, outward)

    def keep(self, flow: Flow, identification: int, session: Session, outward: bool, now: Ns) -> None:
        """A first fragment has passed."""
        datagram = _datagram(flow, identification)
        self._known.pop(datagram, None)
        if len(self._known) >= FRAGMENTS_LIMIT:
            self._known.popitem(last=False)
        self._known[datagram] = session, outward, Ns(now + FRAGMENT_NS.value)


def _datagram(flow: Flow, identification: int) -> _Datagram:
    """What all fragments of one have in common (RFC 791 section 3.2)."""
    return flow.src, flow.dst, flow.protocol, identification
