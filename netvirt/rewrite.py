"""Another address, and another port, in a frame, as a gateway puts it there: the right checksums, nothing else touched.

RFC 3022 section 4.1 for checksums, RFC 5508 section 4.2 for the packet quoted in an ICMP error.
"""

from netvirt.address import Ip
from netvirt.wire import ethernet, icmp, ipv4
from netvirt.wire.checksum import internet_checksum, updated_checksum
from netvirt.wire.udp import updated_checksum as updated_udp_checksum

_SRC, _DST = 12, 16
_TTL = 8
_IP_CHECKSUM, _UDP_CHECKSUM, _TCP_CHECKSUM, _ICMP_CHECKSUM = 10, 6, 16, 2
_PORTS = {_SRC: 0, _DST: 2}
_IDENTIFIER = 4


def with_source(data: bytes, address: Ip, port: int | None = None) -> bytes:
    """The frame as if `address` had sent it, from `port`; an echo has its identifier there."""
    return _rewritten(data, _SRC, address, port)


def with_destination(data: bytes, address: Ip, port: int | None = None) -> bytes:
    """The frame as if it had been sent to `address`, to `port`; an echo has its identifier there."""
    return _rewritten(data, _DST, address, port)


def one_hop_on(data: bytes) -> bytes:
    """The frame with one less to live; it must have some left."""
    packet = bytearray(data)
    header = memoryview(packet)[ethernet.HEADER_BYTES :]
    old = _read(header, _TTL)
    _mend(header, _TTL, old - 0x100)
    _mend(header, _IP_CHECKSUM, updated_checksum(_read(header, _IP_CHECKSUM), old, old - 0x100))
    return bytes(packet)


def _rewritten(data: bytes, field: int, address: Ip, port: int | None) -> bytes:
    packet = bytearray(data)
    _replace(memoryview(packet)[ethernet.HEADER_BYTES :], field, address, port)
    return bytes(packet)


def _replace(packet: memoryview, field: int, address: Ip, port: int | None) -> None:
    """In place, in a packet that starts with its IPv4 header."""
    old = int.from_bytes(packet[field : field + 4])
    packet[field : field + 4] = address.to_bytes(4)
    _mend(packet, _IP_CHECKSUM, updated_checksum(_read(packet, _IP_CHECKSUM), old, address))
    header_bytes = (packet[0] & 15) * 4
    if int.from_bytes(packet[6:8]) & 0x1FFF:
        return  # a later fragment carries no checksum, and no ports
    payload = packet[header_bytes:]
    if len(payload) < icmp.HEADER_BYTES:
        return
    match packet[9]:
        case ipv4.PROTOCOL_UDP:
            _mend(payload, _UDP_CHECKSUM, updated_udp_checksum(_read(payload, _UDP_CHECKSUM), old, address))
            _replace_port(payload, _PORTS[field], port, _UDP_CHECKSUM)
        case ipv4.PROTOCOL_TCP if len(payload) >= _TCP_CHECKSUM + 2:
            _mend(payload, _TCP_CHECKSUM, updated_checksum(_read(payload, _TCP_CHECKSUM), old, address))
            _replace_port(payload, _PORTS[field], port, _TCP_CHECKSUM)
        case ipv4.PROTOCOL_TCP:
            # An ICMP error may quote eight octets: the ports, and no checksum.
            _replace_port(payload, _PORTS[field], port, None)
        case ipv4.PROTOCOL_ICMP if payload[0] in icmp.ERRORS:
            _replace_quoted(payload, field, old, address, port)
        case ipv4.PROTOCOL_ICMP:
            _replace_port(payload, _IDENTIFIER, port, _ICMP_CHECKSUM)
        case _:
            pass


def _replace_quoted(message: memoryview, field: int, old: int, address: Ip, port: int | None) -> None:
    """An error's quote went the other way: what is its source now was the quote's destination."""
    quote = message[icmp.HEADER_BYTES :]
    other = _DST if field == _SRC else _SRC
    if len(quote) < ipv4.HEADER_BYTES or int.from_bytes(quote[other : other + 4]) != old:
        return
    before = 0xFFFF - internet_checksum(bytes(quote))
    _replace(quote, other, address, port)
    after = 0xFFFF - internet_checksum(bytes(quote))
    # Not computed anew: that would bless damaged messages, and count Ethernet's padding and miss later fragments.
    _mend(message, _ICMP_CHECKSUM, updated_checksum(_read(message, _ICMP_CHECKSUM), before, after))


def _replace_port(segment: memoryview, at: int, port: int | None, checksum: int | None) -> None:
    """`checksum` is where the segment has its own, None where it has been cut off."""
    old = _read(segment, at)
    if port is None or port == old:
        return
    _mend(segment, at, port)
    if checksum is not None:
        update = updated_udp_checksum if checksum == _UDP_CHECKSUM else updated_checksum
        _mend(segment, checksum, update(_read(segment, checksum), old, port))


def _read(data: memoryview, at: int) -> int:
    return int.from_bytes(data[at : at + 2])


def _mend(data: memoryview, at: int, checksum: int) -> None:
    data[at : at + 2] = checksum.to_bytes(2)
