"""Hosted zones and what guests are told of DNS: the file's words to requests."""

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address

from dcsim.request import AssociateDhcpOptions, ChangeResourceRecordSets, CreateHostedZone, ModifyVpcAttribute, Request
from dcsim.topology.context import Context
from dcsim.topology.dns_spec import HostedZoneSpec, RecordSpec
from dcsim.topology.schema import VpcSpec
from dcsim.topology.tree import Path
from dcsim.topology.words import instead, quoted

SECOND = 1_000_000_000
MOST_SERVERS = 4
"""VPC User Guide, "DHCP option set concepts"."""


def dns_settings(context: Context, vpc: str, spec: VpcSpec) -> Iterator[Request]:
    """What a VPC's attributes and DHCP options say beyond EC2's defaults."""
    path: Path = ["vpcs", vpc]
    if not spec.enable_dns_support or spec.enable_dns_hostnames:
        word = "enable_dns_hostnames" if spec.enable_dns_hostnames else "enable_dns_support"
        mark = context.value([*path, word])
        yield ModifyVpcAttribute(vpc, spec.enable_dns_support, spec.enable_dns_hostnames, mark=mark)
    options = spec.dhcp_options
    if options is None:
        return
    for word, servers in (("domain_name_servers", options.domain_name_servers), ("ntp_servers", options.ntp_servers)):
        if len(servers) > MOST_SERVERS:
            mark = context.value([*path, "dhcp_options", word])
            context.complain(mark, f"{word} has {len(servers)} addresses", f"{MOST_SERVERS} at most")
    servers = [server for server in options.domain_name_servers if server is not None]
    if servers and None in options.domain_name_servers:
        mark = context.value([*path, "dhcp_options", "domain_name_servers"])
        context.complain(mark, "AmazonProvidedDNS stands alone", "write it, or addresses")
    ntp = tuple(options.ntp_servers)
    mark = context.key([*path, "dhcp_options"])
    yield AssociateDhcpOptions(vpc, options.domain_name, tuple(servers), ntp, mark=mark)


def hosted_zones(context: Context) -> Iterator[Request]:
    """Every zone and its records. Guests' names are told apart from addresses here."""
    for name, spec in context.file.hosted_zones.items():
        path = ["hosted_zones", name]
        vpcs = None if spec.vpcs is None else tuple(_vpcs(context, spec, path))
        yield CreateHostedZone(name, vpcs, mark=context.key(path))
        for record_name, record in spec.records.items():
            yield from _record(context, name, spec, record_name, record)


def _vpcs(context: Context, spec: HostedZoneSpec, path: Path) -> Iterator[str]:
    for position, vpc in enumerate(dict.fromkeys(spec.vpcs or ())):
        if context.vpc(vpc, context.value([*path, "vpcs", position])):
            yield vpc


def _record(context: Context, zone: str, spec: HostedZoneSpec, name: str, record: RecordSpec) -> Iterator[Request]:
    path: Path = ["hosted_zones", zone, "records", name]
    mark = context.key(path)
    if record.ttl % SECOND:
        context.complain(mark, f"the ttl of {name} is not whole seconds")
    values: list[str] = []
    for value in record.values:
        values += _addresses(context, spec, value, path) if record.type == "A" else [value]
    if not record.values:
        context.complain(mark, f"{name} has no value")
    yield ChangeResourceRecordSets(zone, name, record.type, record.ttl // SECOND, tuple(values), mark=mark)


def _addresses(context: Context, spec: HostedZoneSpec, value: str, path: Path) -> list[str]:
    """An address as it is; guests' names, all copies of one that has copies, with their VPC's."""
    try:
        return [str(IPv4Address(value))]
    except AddressValueError:
        vpc, _, name = value.rpartition("/")
    homes = [home for home in ([vpc] if vpc else dict.fromkeys(spec.vpcs or context.vpcs)) if home in context.vpcs]
    found = [home for home in homes if name in context.vpcs[home].instances.meanings]
    if len(found) == 1:
        return [f"{found[0]}/{each.name}" for each in context.vpcs[found[0]].instances.meanings[name]]
    mark = context.key(path)
    if found:
        context.complain(mark, f"{quoted(value)} is in {' and '.join(found)}", f"write {found[0]}/{name}")
    else:
        known = [each for home in homes for each in context.vpcs[home].instances.meanings]
        context.complain(mark, f"{quoted(value)} is neither an IPv4 address nor a guest", instead(name, known))
    return []
