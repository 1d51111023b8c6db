"""Hosted zones and their records. Route 53 API Reference, CreateHostedZone, ChangeResourceRecordSets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address

from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc, resource_id
from dcsim.request import ChangeResourceRecordSets, CreateHostedZone
from netvirt.address import Ip
from netvirt.vpc.services import Zone
from netvirt.wire import dns
from netvirt.wire.dns import Name, Record, name_of

LONGEST_VALUE = 4_000
"""Of one value of a record (Route 53 Developer Guide, "Supported DNS record types": TXT)."""
MOST_VALUES = 400
"""Of one record set (Route 53 Developer Guide, "Quotas on records")."""
LONGEST_STRING = 255
"""Of one string of a TXT record (RFC 1035 section 3.3.14)."""


@dataclass(slots=True)
class HostedZone:
    """`records` by name, then by type. Whoever changes them drops `_frozen`."""

    id: str
    name: str
    private: bool
    records: dict[Name, dict[int, tuple[Record, ...]]] = field(default_factory=dict)
    _frozen: Zone | None = None

    def add(self, name: Name, kind: int, records: tuple[Record, ...]) -> None:
        self.records.setdefault(name, {})[kind] = records
        self._frozen = None

    def frozen(self) -> Zone:
        if self._frozen is None:
            self._frozen = Zone.of(name_of(self.name), self.records)
        return self._frozen


def create_hosted_zone(vpcs: Mapping[str, Vpc], zones: dict[str, HostedZone], request: CreateHostedZone) -> list[str]:
    if request.name in zones:
        message = f"there is a hosted zone {request.name} already"
        raise refusal(request, "HostedZoneAlreadyExists", message, "use another name")
    names = vpcs if request.vpcs is None else request.vpcs
    homes = [find(vpcs, name, request, "InvalidVPCId", "VPC") for name in names]
    zone = zones[request.name] = HostedZone(
        resource_id("zone", request.name), request.name, private=request.vpcs is not None
    )
    for home in homes:
        home.zones.append(zone)
    return [zone.id]


def change_resource_record_sets(
    vpcs: Mapping[str, Vpc], zones: Mapping[str, HostedZone], request: ChangeResourceRecordSets
) -> list[str]:
    """Adds a record set; a name has one of each type, and an alias (CNAME) stands alone."""
    zone = find(zones, request.hosted_zone, request, "NoSuchHostedZone", "hosted zone")
    text = zone.name if request.name == "@" else f"{request.name}.{zone.name}"
    try:
        name = name_of(text)
    except ValueError as error:
        raise refusal(request, "InvalidChangeBatch", str(error)) from None
    kind = {"A": dns.A, "CNAME": dns.CNAME, "PTR": dns.PTR, "TXT": dns.TXT}[request.type]
    there = zone.records.get(name, {})
    if kind in there:
        raise refusal(request, "InvalidChangeBatch", f"{text} has records of type {request.type} already")
    if kind == dns.CNAME and request.name == "@":
        message = f"{zone.name} itself cannot be an alias: a zone's own name has other records"
        raise refusal(request, "InvalidChangeBatch", message, "use another name, or type A")
    if dns.CNAME in there or (kind == dns.CNAME and there):
        raise refusal(request, "InvalidChangeBatch", f"{text} has a CNAME, which stands alone")
    if kind == dns.CNAME and len(request.values) > 1:
        raise refusal(request, "InvalidChangeBatch", f"{text} is an alias for {len(request.values)} names", "one only")
    if len(request.values) > MOST_VALUES:
        message = f"{text} has {len(request.values)} values"
        raise refusal(request, "InvalidChangeBatch", message, f"{MOST_VALUES} at most")
    data = [_data(vpcs, zone, request, value) for value in request.values]
    zone.add(name, kind, tuple(Record(name, kind, request.ttl, each) for each in dict.fromkeys(data)))
    return [zone.id]


def _data(vpcs: Mapping[str, Vpc], zone: HostedZone, request: ChangeResourceRecordSets, value: str) -> bytes:
    if request.type == "A":
        return dns.address_data(_address(vpcs, zone, request, value))
    if request.type == "TXT" and len(value.encode()) > LONGEST_VALUE:
        message = f"a value of {request.name} has {len(value.encode()):,} octets"
        raise refusal(request, "InvalidChangeBatch", message, f"{LONGEST_VALUE:,} at most")
    if request.type == "TXT":
        return b"".join(bytes([len(part)]) + part for part in _strings(value.encode()))
    try:
        return dns.emit_name(name_of(value))
    except ValueError as error:
        raise refusal(request, "InvalidChangeBatch", str(error)) from None


def _address(vpcs: Mapping[str, Vpc], zone: HostedZone, request: ChangeResourceRecordSets, value: str) -> Ip:
    """A guest is known by its private address in a private zone, by its public one in a public zone."""
    try:
        return Ip(int(IPv4Address(value)))
    except AddressValueError:
        vpc, _, name = value.partition("/")
    home = find(vpcs, vpc, request, "InvalidVPCId", "VPC")
    address = find(home.interfaces, name, request, "InvalidInstanceID.NotFound", "instance").address
    if zone.private:
        return address
    if address not in home.public:
        message = f"{value} has no public address, and {zone.name} is a public zone"
        raise refusal(request, "InvalidChangeBatch", message, "give it an elastic_ip, or the zone vpcs")
    return home.public[address]


def _strings(data: bytes) -> Iterable[bytes]:
    return [data[at : at + LONGEST_STRING] for at in range(0, len(data), LONGEST_STRING)] or [b""]
