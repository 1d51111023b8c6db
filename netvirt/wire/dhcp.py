"""Dynamic host configuration (RFC 2131) and its options (RFC 2132), for Ethernet clients."""

from dataclasses import dataclass
from struct import Struct
from typing import TypeAlias

from netvirt.address import ANY_IP, Ip, Mac
from netvirt.wire.malformed import Malformed

SERVER_PORT = 67
CLIENT_PORT = 68

BOOTREQUEST = 1
BOOTREPLY = 2
BROADCAST_FLAG = 0x8000

# Message types (RFC 2132 section 9.6).
DISCOVER = 1
OFFER = 2
REQUEST = 3
DECLINE = 4
ACK = 5
NAK = 6
RELEASE = 7
INFORM = 8

# Option codes (RFC 2132).
PAD = 0
SUBNET_MASK = 1
ROUTER = 3
DNS_SERVER = 6
HOST_NAME = 12
DOMAIN_NAME = 15
INTERFACE_MTU = 26
TIME_SERVER = 42
"""NTP servers (RFC 2132 section 8.3)."""
REQUESTED_IP = 50
LEASE_TIME = 51
MESSAGE_TYPE = 53
SERVER_ID = 54
PARAMETER_REQUEST_LIST = 55
RENEWAL_TIME = 58
REBINDING_TIME = 59
END = 255

_WIDTHS = {INTERFACE_MTU: 2, LEASE_TIME: 4, MESSAGE_TYPE: 1, RENEWAL_TIME: 4, REBINDING_TIME: 4}
"""Octets of the options that are one number."""

Option: TypeAlias = tuple[int, bytes]

_NUMBERS = Struct("!BBBBIHHIIII")
_NAMES = Struct("6s10x64s128s4s")
_FIXED_BYTES = _NUMBERS.size + _NAMES.size
_ETHERNET = 1
_MAC_BYTES = 6
_SNAME_BYTES = 64
_FILE_BYTES = 128
_COOKIE = b"\x63\x82\x53\x63"
_BOOTP_BYTES = 300
"""Relays and old clients discard what is shorter (RFC 1542 section 2.1)."""


@dataclass(frozen=True, slots=True)
class Dhcp:
    """One message; the fields have RFC 2131's names (section 2, figure 1).

    `sname` and `file` come without their trailing zeros. Options that overload them (RFC 2132 section 9.3) are
    not read.
    """

    op: int
    xid: int
    chaddr: Mac
    options: tuple[Option, ...] = ()
    """In the order of the wire, without pad and end."""
    ciaddr: Ip = ANY_IP
    yiaddr: Ip = ANY_IP
    siaddr: Ip = ANY_IP
    giaddr: Ip = ANY_IP
    hops: int = 0
    secs: int = 0
    flags: int = 0
    sname: bytes = b""
    file: bytes = b""

    @classmethod
    def parse(cls, data: bytes) -> "Dhcp":
        """RFC 2131 section 2. A missing end option is tolerated; what follows it is ignored."""
        if len(data) < _FIXED_BYTES:
            raise Malformed("DHCP message cut short")
        op, htype, hlen, hops, xid, secs, flags, *four = _NUMBERS.unpack_from(data)
        ciaddr, yiaddr, siaddr, giaddr = map(Ip, four)
        chaddr, sname, file, cookie = _NAMES.unpack_from(data, _NUMBERS.size)
        if (htype, hlen) != (_ETHERNET, _MAC_BYTES):
            raise Malformed("DHCP client is not on Ethernet")
        if cookie != _COOKIE:
            raise Malformed("BOOTP without the DHCP magic cookie")
        return cls(
            op,
            xid,
            Mac(int.from_bytes(chaddr)),
            _parse_options(data[_FIXED_BYTES:]),
            ciaddr,
            yiaddr,
            siaddr,
            giaddr,
            hops,
            secs,
            flags,
            sname.rstrip(b"\0"),
            file.rstrip(b"\0"),
        )

    def emit(self) -> bytes:
        """RFC 2131 section 2, padded to BOOTP's least size."""
        assert len(self.sname) <= _SNAME_BYTES, "sname ends at 64 octets"
        assert len(self.file) <= _FILE_BYTES, "file ends at 128 octets"
        first = self.op, _ETHERNET, _MAC_BYTES, self.hops, self.xid, self.secs, self.flags
        four = self.ciaddr, self.yiaddr, self.siaddr, self.giaddr
        names = self.chaddr.to_bytes(_MAC_BYTES), self.sname, self.file
        fixed = _NUMBERS.pack(*first, *four) + _NAMES.pack(*names, _COOKIE)
        return (fixed + _emit_options(self.options)).ljust(_BOOTP_BYTES, b"\0")

    def option(self, code: int) -> bytes | None:
        """The option's value; several of one code are one long value (RFC 2131 section 4.1)."""
        values = [value for candidate, value in self.options if candidate == code]
        return b"".join(values) if values else None

    @property
    def message_type(self) -> int | None:
        return self._number(MESSAGE_TYPE)

    @property
    def requested_ip(self) -> Ip | None:
        return self._address(REQUESTED_IP)

    @property
    def server_id(self) -> Ip | None:
        return self._address(SERVER_ID)

    @property
    def lease_time(self) -> int | None:
        """Seconds (RFC 2132 section 9.2)."""
        return self._number(LEASE_TIME)

    @property
    def subnet_mask(self) -> Ip | None:
        return self._address(SUBNET_MASK)

    @property
    def routers(self) -> tuple[Ip, ...]:
        return self._addresses(ROUTER)

    @property
    def dns_servers(self) -> tuple[Ip, ...]:
        return self._addresses(DNS_SERVER)

    @property
    def interface_mtu(self) -> int | None:
        return self._number(INTERFACE_MTU)

    @property
    def domain_name(self) -> str | None:
        value = self.option(DOMAIN_NAME)
        return None if value is None else value.rstrip(b"\0").decode("latin-1")

    def _number(self, code: int) -> int | None:
        """An option of another width than RFC 2132 gives it says nothing."""
        value = self.option(code)
        return None if value is None or len(value) != _WIDTHS[code] else int.from_bytes(value)

    def _address(self, code: int) -> Ip | None:
        addresses = self._addresses(code)
        return addresses[0] if len(addresses) == 1 else None

    def _addresses(self, code: int) -> tuple[Ip, ...]:
        value = self.option(code) or b""
        if len(value) % 4:
            return ()
        return tuple(Ip(int.from_bytes(value[at : at + 4])) for at in range(0, len(value), 4))


def number(code: int, value: int) -> Option:
    """An option that is one number: message type, lease time, interface MTU."""
    return code, value.to_bytes(_WIDTHS[code])


def addresses(code: int, *ips: Ip) -> Option:
    """An option that is one address or several: server id, router, DNS servers, subnet mask."""
    return code, b"".join(ip.to_bytes(4) for ip in ips)


def text(code: int, value: str) -> Option:
    """An option that is a name: domain name, host name."""
    return code, value.encode("latin-1")


def _parse_options(data: bytes) -> tuple[Option, ...]:
    """RFC 2132 section 2: code, length, value; pad and end are a code alone."""
    options = []
    at = 0
    while at < len(data) and data[at] != END:
        if data[at] == PAD:
            at += 1
            continue
        start = at + 2
        if start > len(data) or start + data[at + 1] > len(data):
            raise Malformed("DHCP option cut short")
        end = start + data[at + 1]
        options.append((data[at], data[start:end]))
        at = end
    return tuple(options)


def _emit_options(options: tuple[Option, ...]) -> bytes:
    assert not any(code in (PAD, END) for code, _ in options), "pad and end are not for the caller"
    return b"".join(bytes((code, len(value))) + value for code, value in options) + bytes((END,))
