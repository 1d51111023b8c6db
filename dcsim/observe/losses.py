"""What becomes of one conversation's packets: where they end, and why."""

from collections import Counter
from typing import NamedTuple

from netvirt.address import Ip, is_ipv6, octets
from netvirt.journey import Outcome
from netvirt.ledger import Ledger, Sized
from netvirt.vpc.view import Interface

ARP, IPV6 = b"\x08\x06", b"\x86\xdd"
ECHOES = {False: (b"\x08", b"\x00"), True: (b"\x80", b"\x81")}
"""The first octets of an echo request and of a reply, by whether it is IPv6."""
SOLICITATION = b"\x87"


class Loss(NamedTuple):
    """Where most packets ended, and why; neither when none was lost."""

    place: str = ""
    reason: Outcome | None = None

    def __str__(self) -> str:
        return (
            "nothing was lost, no answer came in time"
            if self.reason is None
            else f"{self.reason.value} at {self.place}"
        )


class Losses:
    """Watches the ledger: for the pings of `source` to `target`, their answers, and what it asks its link for them."""

    def __init__(self, ledger: Ledger, source: Interface, target: Ip) -> None:
        own = source.facing(target)
        assert own is not None, "who pings has an address to ping from"
        ours, theirs = octets(own), octets(target)
        request, reply = ECHOES[is_ipv6(target)]
        self._ways = {ours + theirs + request, theirs + ours + reply}
        self._mac = source.mac.to_bytes(6)
        self._theirs = theirs
        self._counts: Counter[Loss] = Counter()
        ledger.watchers.append(self._see)

    @property
    def most(self) -> Loss:
        """Of several that are as many, the first."""
        return max(self._counts, key=lambda loss: self._counts[loss], default=Loss())

    def _see(self, packet: Sized, place: str, reason: Outcome) -> None:
        data: bytes = getattr(getattr(packet, "inner", packet), "data", b"")
        if data[12:14] == ARP:
            ours = data[6:12] == self._mac and data[38:42] == self._theirs
        elif data[12:14] == IPV6:
            asks = data[6:12] == self._mac and data[54:55] == SOLICITATION and data[62:78] == self._theirs
            ours = asks or data[22:55] in self._ways
        else:
            ours = data[26:35] in self._ways
        if ours:
            self._counts[Loss(place, reason)] += 1
