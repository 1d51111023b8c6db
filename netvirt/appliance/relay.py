"""A transit gateway's interface in a VPC: what the VPC sends goes to the gateway, what the gateway sends to the VPC.

Which attachment a packet crosses to is not decided here but where it leaves, by the tables (`netvirt.gateway.transit`).
"""

from netvirt.address import Mac, Ns
from netvirt.appliance.contract import Answer, Rehearsal
from netvirt.frame import Flow
from netvirt.gateway.transit import BACKPLANE_MAC, TRANSIT_MTU_BYTES
from netvirt.journey import Outcome
from netvirt.wire import ethernet, ipv4, ipv6
from netvirt.wire.checksum import updated_checksum
from netvirt.wire.ethernet import HEADER_BYTES

_TTL, _CHECKSUM, _HOP_LIMIT = 8, 10, 7


class Relay:
    """Stateless. A packet that goes in circles ends when its time to live does [inferred: AWS says nothing of it]."""

    def __init__(self, mac: Mac, router_mac: Mac) -> None:
        self._own = mac.to_bytes(6)
        self._router = router_mac.to_bytes(6)
        self._backplane = BACKPLANE_MAC.to_bytes(6)

    @property
    def deadline(self) -> Ns | None:
        return None

    def poll(self, now: Ns) -> list[bytes]:
        return []

    def forward(self, data: bytes, now: Ns) -> list[bytes] | Outcome:
        if data[6:12] == self._backplane:
            return [self._router + self._own + data[12:]]
        if len(data) > HEADER_BYTES + TRANSIT_MTU_BYTES.value:
            return Outcome.OVERSIZE
        aged = _aged(data)
        return Outcome.TTL_EXPIRED if aged is None else [self._backplane + self._own + data[12:14] + aged]

    def rehearse(self) -> Rehearsal:
        return _Unchanged()


class _Unchanged:
    def forward(self, flow: Flow, now: Ns) -> Answer:
        return Answer(None, flow)


def _aged(data: bytes) -> bytes | None:
    """From the network header on, with one less to live (RFC 791, RFC 8200); None: it has lived."""
    at = HEADER_BYTES
    match int.from_bytes(data[12:14]):
        case ethernet.ETHERTYPE_IPV4 if len(data) >= at + ipv4.HEADER_BYTES and data[at + _TTL] > 1:
            word = int.from_bytes(data[at + _TTL : at + _TTL + 2])
            checksum = int.from_bytes(data[at + _CHECKSUM : at + _CHECKSUM + 2])
            aged = word - 0x100
            mended = updated_checksum(checksum, word, aged)
            return data[at : at + _TTL] + aged.to_bytes(2) + mended.to_bytes(2) + data[at + _CHECKSUM + 2 :]
        case ethernet.ETHERTYPE_IPV6 if len(data) >= at + ipv6.HEADER_BYTES and data[at + _HOP_LIMIT] > 1:
            return data[at : at + _HOP_LIMIT] + bytes([data[at + _HOP_LIMIT] - 1]) + data[at + _HOP_LIMIT + 1 :]
        case _:
            return None
