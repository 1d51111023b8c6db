"""The VPC's DNS resolver (Route 53 Resolver), as each host answers it for its guests.

Names that AWS gives, hosted zones, and one convenience of dcsim's: `NAME.VPC.internal` for everything that has a name.
VPC User Guide, "DNS attributes for your VPC", "Amazon DNS server"; Route 53 Developer Guide, "Private hosted zones".
Of the names of the Internet it knows the region's public zones only: for all else it fails (SERVFAIL).
"""

import re
from dataclasses import replace

from netvirt.address import Ip
from netvirt.constant import Constant, Evidence
from netvirt.vpc.services import Zone
from netvirt.vpc.view import VpcView
from netvirt.wire import dns
from netvirt.wire.dns import ANY, CNAME, IN, OPT, PTR, SOA, A, Dns, Name, Question, Record, folded, name_of

NAME_TTL_SECONDS = Constant(
    "NAME_TTL_SECONDS", 60, 0, 300, "no AWS document; seen on instances", "2026-11-21", Evidence.INFERRED
)
"""Of names that AWS gives."""
SOA_TTL_SECONDS = 900
"""How long a "no" may be remembered (Route 53 Developer Guide, "SOA and NS records that Route 53 creates")."""
_SOA_DATA = (
    dns.emit_name(name_of("ns-0.awsdns-00.com"))
    + dns.emit_name(name_of("awsdns-hostmaster.amazon.com"))
    + b"".join(number.to_bytes(4) for number in (1, 7200, 900, 1_209_600, 86_400))
)
LONGEST_CHAIN = 8
"""CNAMEs followed before giving up."""
PAYLOAD_BYTES = 4096
"""What the resolver takes and gives over UDP with EDNS (RFC 6891 section 6.2.5 suggests it)."""
INTERNAL = b"internal"
REVERSE = (b"in-addr", b"arpa")
_IP_NAME = re.compile(rb"ip-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})")
_PUBLIC_NAME = re.compile(rb"ec2-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})")


def answer(query: Dns, view: VpcView) -> Dns | None:
    """The response, None to what is no question at all."""
    if query.response:
        return None
    blank = replace(
        query, response=True, recursion_available=True, answers=(), authorities=(), additionals=_edns(query)
    )
    if query.opcode != 0:
        return replace(blank, rcode=dns.NOTIMP)
    if len(query.questions) != 1 or query.questions[0].class_ != IN or query.questions[0].type == ANY:
        return replace(blank, rcode=dns.FORMERR if len(query.questions) != 1 else dns.NOTIMP)
    return _fitting(query, _answered(blank, query.questions[0], view))


def _answered(response: Dns, question: Question, view: VpcView) -> Dns:
    """Follow aliases from zone to zone; what was found on the way is in the answer even when its end is missing."""
    chain: list[Record] = []
    name = question.name
    for _ in range(LONGEST_CHAIN):
        found = _find(view, folded(name), question.type)
        if found is None:
            return replace(response, answers=tuple(chain), rcode=dns.SERVFAIL)
        origin, records = found
        chain += [replace(record, name=name) for record in _turned(records or (), response.id)]
        if not records:
            authority = Record(origin, SOA, SOA_TTL_SECONDS, _SOA_DATA)
            rcode = dns.NXDOMAIN if records is None else dns.NOERROR
            return replace(response, answers=tuple(chain), authorities=(authority,), rcode=rcode)
        if records[0].type != CNAME or question.type == CNAME:
            return replace(response, answers=tuple(chain))
        name = dns.read_name(records[0].data)
    return replace(response, answers=tuple(chain), rcode=dns.SERVFAIL)


def _turned(records: tuple[Record, ...], by: int) -> tuple[Record, ...]:
    """Every query begins at another record, so that clients spread."""
    start = by % len(records) if records else 0
    return records[start:] + records[:start]


def _find(view: VpcView, name: Name, kind: int) -> tuple[Name, tuple[Record, ...] | None] | None:
    """The zone with the longest name that holds this one, and what it says; None when nobody is responsible.

    A private zone comes before a public one of the same name, and a name that it lacks does not exist
    (Route 53 Developer Guide, "Working with private hosted zones").
    """
    services = view.services
    # An instance's private zones count only with both attributes.
    private = services.private_zones if services.hostnames else ()
    zones = [zone for zone in (*private, *services.public_zones) if name[-len(zone.origin) :] == zone.origin]
    zone = max(zones, key=lambda zone: len(zone.origin), default=None)
    given = _given(view, name, kind)
    if zone is not None and (given is None or len(zone.origin) >= len(given[0])):
        return zone.origin, _from_zone(zone, name, kind)
    return given


def _from_zone(zone: Zone, name: Name, kind: int) -> tuple[Record, ...] | None:
    if name == zone.origin and kind == SOA:
        return (Record(zone.origin, SOA, SOA_TTL_SECONDS, _SOA_DATA),)
    return zone.find(name, kind)


def _given(view: VpcView, name: Name, kind: int) -> tuple[Name, tuple[Record, ...] | None] | None:
    """Names that nobody wrote down."""
    services = view.services
    for domain, addresses in (
        (folded(name_of(services.aws_domain)), _private_name),
        (folded(name_of(services.public_domain)), _public_name),
    ):
        if name[-len(domain) :] == domain:
            return domain, _named(name, kind, addresses(view, name[: -len(domain)]))
    if name[-1:] == (INTERNAL,) and len(name) >= 2:
        for near in view.near():
            domain = (near.name.lower().encode(), INTERNAL)
            if name[-2:] == domain:
                return domain, _named(name, kind, _house_name(near, name[:-2]))
    if name[-2:] == REVERSE:
        return _reverse(view, name, kind)
    return None


def _named(name: Name, kind: int, address: Ip | None) -> tuple[Record, ...] | None:
    if address is None:
        return None
    return (Record(name, A, NAME_TTL_SECONDS.value, dns.address_data(address)),) if kind == A else ()


def _private_name(view: VpcView, host: Name) -> Ip | None:
    """`ip-10-0-1-4`: every address of the VPC has its name, whether somebody has it or not."""
    address = _octets(_IP_NAME, host)
    return address if address is not None and any(block.holds(address) for block in view.cidrs) else None


def _public_name(view: VpcView, host: Name) -> Ip | None:
    """Inside the VPC whose interface has the public address, its name means the private one."""
    address = _octets(_PUBLIC_NAME, host)
    if address is None or not view.services.hostnames:
        return address
    return next((private for private, public in view.public.items() if public == address), address)


def _octets(pattern: re.Pattern[bytes], host: Name) -> Ip | None:
    found = pattern.fullmatch(host[0]) if len(host) == 1 else None
    octets = [int(group) for group in found.groups()] if found else [256]
    return Ip(int.from_bytes(bytes(octets))) if max(octets) < 256 else None


def _house_name(view: VpcView, host: Name) -> Ip | None:
    if len(host) != 1:
        return None
    eni = view.by_name.get(host[0].decode("latin-1"))
    return None if eni is None else view.interfaces[eni].address


def _reverse(view: VpcView, name: Name, kind: int) -> tuple[Name, tuple[Record, ...] | None] | None:
    """`4.1.0.10.in-addr.arpa`, of the VPC's own addresses."""
    digits = name[:-2]
    if len(digits) != 4 or not all(digit.isdigit() and len(digit) <= 3 and int(digit) < 256 for digit in digits):
        return None
    address = Ip(int.from_bytes(bytes(int(digit) for digit in reversed(digits))))
    if not any(block.holds(address) for block in view.cidrs):
        return None
    if kind != PTR:
        return REVERSE, ()
    host = "ip-" + "-".join(digit.decode() for digit in reversed(digits))
    target = name_of(f"{host}.{view.services.aws_domain}")
    return REVERSE, (Record(name, PTR, NAME_TTL_SECONDS.value, dns.emit_name(target)),)


def _edns(query: Dns) -> tuple[Record, ...]:
    """Who speaks EDNS is answered in it (RFC 6891 section 6.1.1)."""
    speaks = any(record.type == OPT for record in query.additionals)
    return (Record((), OPT, 0, b"", PAYLOAD_BYTES),) if speaks else ()


def _fitting(query: Dns, response: Dns) -> Dns:
    """What does not fit is cut off, and said to be (RFC 2181 section 9)."""
    offered = [record.class_ for record in query.additionals if record.type == OPT]
    room = min(max(offered[0], dns.PLAIN_BYTES), PAYLOAD_BYTES) if offered else dns.PLAIN_BYTES
    # What no message can hold is not made into one.
    octets = sum(len(record.data) for record in response.answers)
    if octets <= room and len(response.emit()) <= room:
        return response
    return replace(response, answers=(), authorities=(), truncated=True)
