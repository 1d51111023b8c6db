"""One direction of a wire as arithmetic: serialization at a rate, an exact FIFO queue, a delay."""

from netvirt.address import Ns

OVERHEAD_BYTES = 24
"""Preamble and start delimiter 8, frame check sequence 4, interpacket gap 12 (IEEE 802.3 clauses 3.1, 4.4.2)."""

REFUSED = -1


class Line:
    """Rate in bit/s, propagation delay in ns, queue limit in bytes of unfinished work (headers on the wire counted).

    The queue is a single number, the picosecond at which the last accepted bit leaves, so that neither
    64 B at 100 Gbit/s (5.12 ns) nor a full queue ever drifts.
    """

    __slots__ = ("_costs", "bytes", "delay_ns", "frames", "free_at_ps", "limit_bytes", "limit_ps", "peak_ps", "rate")

    def __init__(self, rate: int, delay_ns: int, limit_bytes: int) -> None:
        self.frames = 0
        self.bytes = 0
        self.free_at_ps = 0
        self.reshape(rate, delay_ns, limit_bytes)

    def reshape(self, rate: int, delay_ns: int, limit_bytes: int) -> None:
        """Other bounds for what is sent from now on; what is queued leaves as it was promised."""
        self.rate = rate
        self.delay_ns = delay_ns
        self.limit_bytes = limit_bytes
        self.limit_ps = self.serialize_ps(limit_bytes)
        # `send` compares with the limit only beyond the peak: a peak above the new limit would hide it.
        self.peak_ps = 0
        self._costs: dict[int, int] = {}

    def serialize_ps(self, size_bytes: int) -> int:
        return size_bytes * 8_000_000_000_000 // self.rate

    def send(self, size_bytes: int, now: Ns) -> int:
        """Accept a frame of `size_bytes`; the time its last bit arrives, or REFUSED when the queue has no room."""
        cost_ps = self._costs.get(size_bytes)
        if cost_ps is None:
            cost_ps = self._costs[size_bytes] = self.serialize_ps(size_bytes + OVERHEAD_BYTES)
        now_ps = now * 1000
        free_ps = self.free_at_ps
        if free_ps < now_ps:
            free_ps = now_ps
        free_ps += cost_ps
        backlog_ps = free_ps - now_ps
        if backlog_ps > self.peak_ps:
            if backlog_ps > self.limit_ps:
                return REFUSED
            self.peak_ps = backlog_ps
        self.free_at_ps = free_ps
        self.frames += 1
        self.bytes += size_bytes
        return free_ps // 1000 + self.delay_ns

    @property
    def queue_max_bytes(self) -> int:
        """The most unfinished work this line ever held, the frame in transmission included."""
        return self.peak_ps * self.rate // 8_000_000_000_000

    def clear(self, now: Ns) -> None:
        """Lose the queue: the sender lost power, or the cable was cut."""
        self.free_at_ps = now * 1000
