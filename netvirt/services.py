"""What the host itself answers to its guests' questions about names and time, within an allowance.

No group and no ACL can filter it. VPC User Guide, "Amazon DNS server"; EC2 User Guide, "Set the time".
"""

from netvirt import resolver
from netvirt.address import Ns
from netvirt.constant import Constant, Evidence
from netvirt.journey import Outcome
from netvirt.vpc.services import Service
from netvirt.vpc.view import VpcView
from netvirt.wire import ntp, udp
from netvirt.wire.dns import Dns
from netvirt.wire.ethernet import ETHERTYPE_IPV4, Ethernet
from netvirt.wire.ipv4 import PROTOCOL_UDP, Ipv4
from netvirt.wire.malformed import Malformed
from netvirt.wire.ntp import Ntp
from netvirt.wire.udp import Udp

PACKETS_PER_SECOND = Constant(
    "PACKETS_PER_SECOND",
    1024,
    1024,
    1024,
    "VPC User Guide, Amazon DNS server; EC2 User Guide, Monitor network performance: linklocal_allowance_exceeded",
    "2026-11-21",
    Evidence.DOCUMENTED,
)
"""Of one interface to all link-local services together."""
TIME_STRATUM = Constant("TIME_STRATUM", 4, 1, 15, "no AWS document; seen on instances", "2026-11-21", Evidence.INFERRED)
"""Below the reference clocks and the servers that follow them."""
TIME_PRECISION = -20
"""About a microsecond, as a power of two of seconds (RFC 5905 section 7.3)."""
_SECOND = 1_000_000_000


class Allowance:
    """A second's worth at once, then one more each 1/1024 s (RFC 2697's single bucket, packets for bytes)."""

    __slots__ = ("_full_at",)

    def __init__(self) -> None:
        # In units of 1/1024 ns, so that a packet's share of a second is a whole number.
        self._full_at = 0

    def take(self, now: Ns) -> bool:
        rate = PACKETS_PER_SECOND.value
        start = max(self._full_at, now * rate)
        if start + _SECOND > (now + _SECOND) * rate:
            return False
        self._full_at = start + _SECOND
        return True


def reply(data: bytes, service: Service, view: VpcView, now: Ns) -> bytes | Outcome:
    """The frame that answers; CONSUMED when nothing is to be said. Malformed tells of a damaged question."""
    frame = Ethernet.parse(data)
    packet = Ipv4.parse(frame.payload)
    if packet.is_fragment:
        return Outcome.UNKNOWN
    if not udp.checksum_ok(packet.payload, packet.src, packet.dst):
        return Outcome.MALFORMED
    question = Udp.parse(packet.payload)
    try:
        answer = _answer(question.payload, service, view, now)
    except Malformed:
        return Outcome.CONSUMED  # a server says nothing to what it cannot read
    if answer is None:
        return Outcome.CONSUMED
    datagram = Udp(question.dst_port, question.src_port, answer).emit(packet.dst, packet.src)
    back = Ipv4(packet.dst, packet.src, PROTOCOL_UDP, datagram).emit()
    return Ethernet(frame.src, frame.dst, ETHERTYPE_IPV4, back).emit()


def _answer(data: bytes, service: Service, view: VpcView, now: Ns) -> bytes | None:
    match service:
        case Service.RESOLVER:
            response = resolver.answer(Dns.parse(data), view)
            return None if response is None else response.emit()
        case Service.TIME:
            return _time(Ntp.parse(data), view.services.epoch_ns + now)


def _time(request: Ntp, unix_ns: int) -> bytes | None:
    """A server's answer (RFC 5905 section 9.2); what no client sent is not answered."""
    if request.mode != ntp.CLIENT:
        return None
    moment = ntp.timestamp(unix_ns)
    answer = Ntp(
        ntp.SERVER,
        request.version,
        stratum=TIME_STRATUM.value,
        poll=request.poll,
        precision=TIME_PRECISION,
        reference_id=bytes((169, 254, 169, 122)),
        reference=moment,
        origin=request.transmit,
        receive=moment,
        transmit=moment,
    )
    return answer.emit()
