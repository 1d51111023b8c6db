"""Network time, version 4 (RFC 5905 section 7.3): the header that clients and servers exchange."""

from dataclasses import dataclass
from struct import Struct

from netvirt.wire.malformed import Malformed

PORT = 123
CLIENT, SERVER = 3, 4
"""Modes."""
ERA = 2_208_988_800
"""Seconds from 1900, where NTP counts from, to 1970 (RFC 5905 figure 4)."""

_HEADER = Struct("!BBbbII4sQQQQ")
HEADER_BYTES = _HEADER.size


@dataclass(frozen=True, slots=True)
class Ntp:
    """One packet without extensions; timestamps as on the wire, in units of 2^-32 s since 1900."""

    mode: int
    version: int = 4
    leap: int = 0
    stratum: int = 0
    poll: int = 0
    precision: int = 0
    root_delay: int = 0
    root_dispersion: int = 0
    reference_id: bytes = bytes(4)
    reference: int = 0
    origin: int = 0
    receive: int = 0
    transmit: int = 0

    @classmethod
    def parse(cls, data: bytes) -> "Ntp":
        if len(data) < HEADER_BYTES:
            raise Malformed("NTP packet cut short")
        first, stratum, poll, precision, delay, dispersion, reference_id, *times = _HEADER.unpack_from(data)
        return cls(
            first & 7,
            first >> 3 & 7,
            first >> 6,
            stratum,
            poll,
            precision,
            delay,
            dispersion,
            reference_id,
            *times,
        )

    def emit(self) -> bytes:
        return _HEADER.pack(
            self.leap << 6 | self.version << 3 | self.mode,
            self.stratum,
            self.poll,
            self.precision,
            self.root_delay,
            self.root_dispersion,
            self.reference_id,
            self.reference,
            self.origin,
            self.receive,
            self.transmit,
        )


def timestamp(unix_ns: int) -> int:
    """Nanoseconds since 1970 as NTP counts them, era 0 and after (RFC 5905 section 6)."""
    seconds, fraction = divmod(unix_ns, 1_000_000_000)
    return (seconds + ERA << 32 | (fraction << 32) // 1_000_000_000) & (1 << 64) - 1
