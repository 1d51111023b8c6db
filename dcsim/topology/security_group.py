"""Rules of security groups: who their peers are."""

from collections.abc import Iterator, Mapping

from dcsim.problem import Mark
from dcsim.request import (
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    PrefixListName,
    Request,
    RevokeSecurityGroupEgress,
)
from dcsim.topology.context import Context, Vpc
from dcsim.topology.ipv6 import block_of
from dcsim.topology.rule import Rule
from dcsim.topology.schema import SecurityGroupSpec
from dcsim.topology.tree import Path, find, inside
from dcsim.topology.words import closest, quoted
from netvirt.address import EVERYWHERE_IPV6, Cidr


def group_rules(
    context: Context, vpc: Vpc, groups: Mapping[str, SecurityGroupSpec], vpc_path: Path
) -> Iterator[Request]:
    for name, spec in groups.items():
        path = [*vpc_path, "security_groups", name]
        for position, rule in enumerate(spec.ingress):
            yield from _authorize(context, vpc, name, rule, False, [*path, "ingress", position])
        if spec.egress is None:
            continue
        mark = context.key([*path, "egress"])
        yield RevokeSecurityGroupEgress(vpc.name, name, mark=mark)
        if block_of(context, vpc.name) is not None:
            yield RevokeSecurityGroupEgress(vpc.name, name, peer=EVERYWHERE_IPV6, text="all to ::/0", mark=mark)
        for position, rule in enumerate(spec.egress):
            yield from _authorize(context, vpc, name, rule, True, [*path, "egress", position])


def _authorize(context: Context, names: Vpc, group: str, rule: Rule, egress: bool, path: Path) -> Iterator[Request]:
    peer = _peer(context, names, rule.peer, inside(find(context.root, path), rule.peer_span))
    if peer is None:
        return
    verb = AuthorizeSecurityGroupEgress if egress else AuthorizeSecurityGroupIngress
    yield verb(
        vpc=names.name,
        group=group,
        protocol=rule.traffic.protocol,
        ports=rule.traffic.ports,
        icmp_type=rule.traffic.icmp_type,
        icmp_code=rule.traffic.icmp_code,
        peer=peer,
        text=f"{rule.head} {peer}",
        mark=context.value(path),
    )


def _peer(context: Context, names: Vpc, peer: Cidr | str, mark: Mark) -> Cidr | PrefixListName | str | None:
    """A name is a group's, or a prefix list's."""
    if isinstance(peer, Cidr):
        return peer
    lists = context.file.prefix_lists
    if peer not in lists:
        meant = closest(peer, lists)
        if peer not in names.security_groups.meanings and "/" not in peer and meant is not None:
            context.complain(mark, f"no security group or prefix list {quoted(peer)}", f"Did you mean {meant}?")
            return None
        return _group(context, names, peer, mark)
    if peer in names.security_groups.meanings:
        message = f"{peer} is a security group of {names.name} and a prefix list"
        context.complain(mark, message, "rename one of them")
        return None
    return PrefixListName(peer)


def _group(context: Context, names: Vpc, text: str, mark: Mark) -> str | None:
    """The group's name; with its VPC before it when that is another one."""
    vpc, slash, group = text.rpartition("/")
    there = context.vpc(vpc, mark) if slash else names
    found = context.accept(there.security_groups.all_of(group, mark)) if there else None
    if found is None or there is None:
        return None
    if there is names:
        return group
    if context.joined(names.name, vpc):
        return text
    message = f"{text} is in another VPC that {names.name} is not peered with"
    context.complain(mark, message, "join the two in vpc_peering_connections, or name a block")
    return None
