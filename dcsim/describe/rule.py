"""EC2's rules as sentences: `tcp 443 from 10.0.0.0/16`, `100 allow tcp 443 from 0.0.0.0/0`."""

from collections.abc import Iterator
from dataclasses import dataclass

from dcsim.describe.inventory import Inventory
from dcsim.describe.notes import Notes
from dcsim.describe.shapes import AclEntry, GroupPair, IpPermission
from netvirt.address import Cidr, Ip

LAST_NUMBER = 32766
"""The entry after it, 32767, is in every ACL and denies all the rest: dcsim has it anyway."""
NAMES = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "-1": "all"}
TOP_PORT = 65535


@dataclass(frozen=True, slots=True)
class Peers:
    """What a rule may refer to: groups by id, as this VPC calls them, None for those out of reach."""

    groups: dict[str, str | None]
    lists: dict[str, str]
    """Prefix lists by id."""
    public: dict[int, Ip]
    """A public address in AWS -> the one that stands for it."""
    stock: Inventory
    notes: Notes

    def block(self, block: Cidr) -> str:
        """As it is, unless it is one of the VPCs' own public addresses."""
        stand_in = self.public.get(block.network) if block.prefix == 32 else None
        return str(block if stand_in is None else Cidr(stand_in, 32))


def _protocol(word: str) -> str:
    return NAMES.get(word, word if word in NAMES.values() else f"proto {word}")


def _ports(first: int | None, last: int | None) -> str:
    if first is None or last is None or first < 0 or (first, last) == (0, TOP_PORT):
        return ""
    return f" {first}" if first == last else f" {first}-{last}"


def _icmp(kind: int | None, code: int | None) -> str:
    if kind is None or kind < 0:
        return ""
    return f" {kind}" if code is None or code < 0 else f" {kind}/{code}"


def _traffic(protocol: str, first: int | None, last: int | None) -> str:
    """`tcp 443`; of ICMP, EC2 has the type and the code where ports would be."""
    name = _protocol(protocol)
    match name:
        case "tcp" | "udp":
            return name + _ports(first, last)
        case "icmp" | "icmpv6":
            return name + _icmp(first, last)
        case _:
            return name


def group_rules(group: str, permissions: tuple[IpPermission, ...], egress: bool, peers: Peers) -> list[str]:
    """In the order of EC2, nothing twice."""
    side = "to" if egress else "from"
    rules: dict[str, None] = {}
    for permission in permissions:
        traffic = _traffic(permission.ip_protocol, permission.from_port, permission.to_port)
        where = f"{group}: {traffic}"
        for peer in _peers(permission, f"{where} {side}", peers):
            rules[f"{traffic} {side} {peer}"] = None
    return sorted(rules, key=_reading_order)


def _reading_order(rule: str) -> tuple[str, int, str]:
    """By protocol, then port: EC2 promises no order."""
    protocol, second, *_ = rule.split()
    first = second.partition("-")[0].partition("/")[0]
    return protocol, int(first) if first.isdecimal() else -1, rule


def _peers(permission: IpPermission, where: str, peers: Peers) -> Iterator[str]:
    for block in permission.ip_ranges:
        yield peers.block(block.cidr_ip)
    for range_ in permission.ipv6_ranges:
        yield str(range_.cidr_ipv6)
    for listed in permission.prefix_list_ids:
        name = list_name(listed.prefix_list_id, where, peers)
        if name is not None:
            yield name
    for pair in permission.user_id_group_pairs:
        name = _group(pair, where, peers)
        if name is not None:
            yield name


def _group(pair: GroupPair, where: str, peers: Peers) -> str | None:
    if pair.group_id in peers.groups:
        name = peers.groups[pair.group_id]
        if name is None:
            peers.notes.leave_out("rule", f"{where} {pair.group_id}", "for groups of VPCs that are not peered")
        return name
    peers.notes.leave_out("rule", f"{where} {pair.group_id}", "for groups that are not in this file")
    if pair.vpc_id is None or pair.vpc_id in peers.stock.vpcs:
        peers.notes.miss("aws ec2 describe-security-groups", pair.group_id)
    return None


def list_name(prefix_list: str, where: str, peers: Peers) -> str | None:
    """What a prefix list is called here; None when its entries are not known."""
    name = peers.lists.get(prefix_list)
    if name is None:
        peers.notes.leave_out("use", f"{where} {prefix_list}", "of a prefix list without entries")
    return name


def acl_rules(acl: str, entries: tuple[AclEntry, ...], egress: bool, peers: Peers) -> list[str]:
    """By number, as they are looked at."""
    rules = []
    for entry in sorted(entries, key=lambda entry: entry.rule_number):
        if entry.egress is not egress or entry.rule_number > LAST_NUMBER:
            continue
        traffic = _acl_traffic(entry)
        head = f"{entry.rule_number} {entry.rule_action} {traffic} {'to' if egress else 'from'}"
        if entry.cidr_block is not None:
            rules.append(f"{head} {peers.block(entry.cidr_block)}")
        elif entry.ipv6_cidr_block is not None:
            rules.append(f"{head} {entry.ipv6_cidr_block}")
        else:
            peers.notes.leave_out("network ACL entry", f"{acl}: {entry.rule_number}", "without a block")
    return rules


def _acl_traffic(entry: AclEntry) -> str:
    if _protocol(entry.protocol) in ("icmp", "icmpv6") and entry.icmp_type_code:
        return _traffic(entry.protocol, entry.icmp_type_code.type, entry.icmp_type_code.code)
    ports = entry.port_range
    return _traffic(entry.protocol, ports.from_, ports.to) if ports else _traffic(entry.protocol, None, None)
