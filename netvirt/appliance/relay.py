"""A transit gateway's interface in a VPC: what the VPC sends goes to the gateway, what the gateway sends to the VPC.

Which attachment a packet crosses to is not decided here but where it leaves, by the tables (`netvirt.gateway.transit`).
"""

from netvirt import mtu, router
from netvirt.address import Ip, Mac, Ns, format_ip, is_ipv6
from netvirt.appliance.aging import aged
from netvirt.appliance.contract import Answer, Rehearsal, Told
from netvirt.frame import Flow, flow_of
from netvirt.gateway.transit import BACKPLANE_MAC
from netvirt.journey import Hop, Outcome
from netvirt.mss import clamped
from netvirt.mtu import Excess, Limit
from netvirt.wire import ethernet
from netvirt.wire.ethernet import HEADER_BYTES
from netvirt.wire.malformed import Malformed

_IPV4 = ethernet.ETHERTYPE_IPV4.to_bytes(2)


class Relay:
    """Stateless. A packet that goes in circles ends when its time to live does [inferred: AWS says nothing of it].

    `name` is the gateway's. Of `addresses`, its own, it tells senders what is too large [inferred: no document names
    the source of such messages].
    """

    def __init__(self, name: str, mac: Mac, router_mac: Mac, addresses: tuple[Ip, ...]) -> None:
        self.limit: Limit = mtu.transit_gateway(name)
        self._name = name
        self._addresses = addresses
        self._own = mac.to_bytes(6)
        self._router = router_mac.to_bytes(6)
        self._backplane = BACKPLANE_MAC.to_bytes(6)

    def _is_own(self, data: bytes) -> bool:
        """For its own address: nobody is there."""
        return data[12:14] == _IPV4 and int.from_bytes(data[30:34]) in self._addresses

    @property
    def deadline(self) -> Ns | None:
        return None

    def poll(self, now: Ns) -> list[bytes]:
        return []

    def forward(self, data: bytes, now: Ns) -> list[bytes] | Told | Outcome:
        if self._is_own(data):
            return Outcome.UNANSWERED
        if data[6:12] == self._backplane:
            return [self._router + self._own + data[12:]]
        if len(data) > HEADER_BYTES + self.limit.mtu:
            return self._refuse(data)
        packet = aged(clamped(data, self.limit.mtu))
        return Outcome.TTL_EXPIRED if packet is None else [self._backplane + self._own + data[12:14] + packet]

    def _refuse(self, data: bytes) -> Told | Outcome:
        try:
            flow = flow_of(data)
        except Malformed:
            return Outcome.OVERSIZE
        source = next((own for own in self._addresses if is_ipv6(own) == is_ipv6(flow.src)), None)
        if source is None or self.limit.excess(*router.measure(data)) is not Excess.TOLD:
            return Outcome.OVERSIZE
        told = router.packet_too_big(data, flow, source, self.limit.mtu)
        return Outcome.OVERSIZE if told is None else Told(Outcome.OVERSIZE, told)

    def rehearse(self) -> Rehearsal:
        return _Rehearsal(self._name, self._addresses)


class _Rehearsal:
    def __init__(self, name: str, addresses: tuple[Ip, ...]) -> None:
        self._name = name
        self._addresses = addresses

    def forward(self, flow: Flow, now: Ns) -> Answer:
        if flow.dst in self._addresses:
            rule = f"nobody answers at {format_ip(flow.dst)}"
            return Answer(Hop("tgw", self._name, rule, "", Outcome.UNANSWERED, "NO_POSSIBLE_DESTINATION"), None)
        return Answer(None, flow)
