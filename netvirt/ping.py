"""Echo requests on an exact grid of time, each answer timed (RFC 792; RFC 1122 section 3.2.2.6; RFC 4443 section 4)."""

from collections.abc import Iterator
from dataclasses import dataclass

from netvirt.address import Ip, Ns, is_ipv6
from netvirt.wire import icmp, icmpv6
from netvirt.wire.icmp import Icmp
from netvirt.wire.icmpv6 import Icmpv6


@dataclass(frozen=True, slots=True)
class PingResult:
    """One request: `rtt` is None when no answer came within the timeout."""

    ping: int
    sequence: int
    sent: Ns
    rtt: Ns | None

    def __str__(self) -> str:
        return f"r {self.ping} {self.sequence} {self.sent} {'-' if self.rtt is None else self.rtt}"


class Ping:
    """A series of `count` requests, `every` ns apart, numbered from 1; the first goes out at once.

    They are in the words of the target's family. `size` is octets of data; `dont_fragment` forbids everybody to cut
    them.
    """

    def __init__(
        self,
        number: int,
        target: Ip,
        count: int,
        every: int,
        timeout: int,
        size: int,
        now: Ns,
        dont_fragment: bool = False,
    ) -> None:
        self.number = number
        self.target = target
        self.dont_fragment = dont_fragment
        self._count = count
        self._every = every
        self._timeout = timeout
        self._request = icmpv6.echo_request if is_ipv6(target) else icmp.echo_request
        self._data = bytes(octet & 0xFF for octet in range(size))
        self._next = 1
        self._start = now
        self._waiting: dict[int, Ns] = {}

    @property
    def done(self) -> bool:
        return self._next > self._count and not self._waiting

    @property
    def deadline(self) -> Ns | None:
        """The next request, or the oldest unanswered one's end."""
        moments = [sent + self._timeout for sent in list(self._waiting.values())[:1]]
        if self._next <= self._count:
            moments.append(self._start + (self._next - 1) * self._every)
        return Ns(min(moments)) if moments else None

    def poll(self, now: Ns) -> Iterator[Icmp | Icmpv6 | PingResult]:
        """What is due: requests to send, and results of those that were never answered."""
        for sequence, sent in list(self._waiting.items()):
            if sent + self._timeout <= now:
                del self._waiting[sequence]
                yield PingResult(self.number, sequence, sent, None)
        while self._next <= self._count and self._start + (self._next - 1) * self._every <= now:
            self._waiting[self._next] = now
            yield self._request(self.number & 0xFFFF, self._next & 0xFFFF, self._data)
            self._next += 1

    def waits_for(self, target: Ip, quote: Icmp | Icmpv6) -> bool:
        """Is this the beginning of a request that was sent there and not answered yet? Who has not seen one has to
        guess it (RFC 5927 section 4.1)."""
        mine = target == self.target and quote.identifier == self.number & 0xFFFF
        sequences = (sequence & 0xFFFF for sequence in self._waiting)
        return mine and self._data.startswith(quote.payload) and quote.sequence in sequences

    def on_reply(self, source: Ip, message: Icmp | Icmpv6, now: Ns) -> PingResult | None:
        if source != self.target or message.identifier != self.number & 0xFFFF or message.payload != self._data:
            return None
        for sequence, sent in self._waiting.items():
            if sequence & 0xFFFF == message.sequence:
                del self._waiting[sequence]
                return PingResult(self.number, sequence, sent, Ns(now - sent))
        return None
