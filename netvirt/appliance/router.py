"""A guest's kernel that forwards: what is not for its own addresses goes on to the VPC's router, as it came.

The least a middlebox does: a firewall that lets everything pass (Linux with net.ipv4.ip_forward).
"""

from collections.abc import Collection

from netvirt.address import Ip, Mac, Ns
from netvirt.appliance.aging import aged
from netvirt.appliance.contract import Answer, Rehearsal
from netvirt.frame import Flow, flow_of
from netvirt.journey import Outcome
from netvirt.mtu import Limit
from netvirt.wire.malformed import Malformed


class Router:
    """Stateless. `addresses` are its own: what is for them is not forwarded."""

    def __init__(self, mac: Mac, router_mac: Mac, addresses: Collection[Ip]) -> None:
        self._macs = router_mac.to_bytes(6) + mac.to_bytes(6)
        self._addresses = frozenset(addresses)

    @property
    def limit(self) -> Limit | None:
        """What arrives fits where it goes on."""
        return None

    @property
    def deadline(self) -> Ns | None:
        return None

    def poll(self, now: Ns) -> list[bytes]:
        return []

    def forward(self, data: bytes, now: Ns) -> list[bytes] | Outcome:
        try:
            destination = flow_of(data).dst
        except Malformed:
            return Outcome.MALFORMED
        if destination in self._addresses:
            return Outcome.CONSUMED
        packet = aged(data)
        return Outcome.TTL_EXPIRED if packet is None else [self._macs + data[12:14] + packet]

    def rehearse(self) -> Rehearsal:
        return _Rehearsal(self._addresses)


class _Rehearsal:
    def __init__(self, addresses: Collection[Ip]) -> None:
        self._addresses = addresses

    def forward(self, flow: Flow, now: Ns) -> Answer:
        return Answer(None, None if flow.dst in self._addresses else flow)
