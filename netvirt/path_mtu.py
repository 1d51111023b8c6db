"""What a host knows of the largest packet on its ways: a cache that forgets (RFC 1191 section 6, RFC 8201)."""

from netvirt.address import Ip, Ns, is_ipv6
from netvirt.wire.ipv6 import MIN_MTU_BYTES

LIFETIME_NS = 600_000_000_000
"""Then a larger one is tried (RFC 1191 section 6.3: ten minutes; Linux's mtu_expires)."""
LEAST_BYTES = 552
"""Nobody is believed who says less (Linux's min_pmtu)."""
LIMIT = 4_096
"""Destinations; the one that was learned first is forgotten first."""


class PathMtus:
    """`link_mtu` is the interface's own."""

    def __init__(self, link_mtu: int) -> None:
        self._link_mtu = link_mtu
        self._known: dict[Ip, tuple[int, Ns]] = {}

    def of(self, destination: Ip, now: Ns) -> int:
        mtu, expires = self._known.get(destination, (self._link_mtu, now))
        return mtu if expires > now else self._link_mtu

    def learn(self, destination: Ip, mtu: int, now: Ns) -> None:
        """Some router said so, and the caller believes it. Only less is news (RFC 1191 section 3)."""
        least = MIN_MTU_BYTES if is_ipv6(destination) else LEAST_BYTES
        if max(mtu, least) >= self.of(destination, now):
            return
        self._known.pop(destination, None)
        if len(self._known) >= LIMIT:
            del self._known[next(iter(self._known))]
        self._known[destination] = max(mtu, least), Ns(now + LIFETIME_NS)
