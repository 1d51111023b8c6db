"""What would let a blocked packet through, as a sentence the user can put in the file."""

from netvirt.address import format_ip
from netvirt.frame import Flow
from netvirt.journey import Hop, Outcome
from netvirt.vpc.traffic import ICMP, TCP, UDP
from netvirt.vpc.view import Interface, VpcView

_NAMES = {ICMP: "icmp", TCP: "tcp", UDP: "udp"}


def advise(hop: Hop, view: VpcView, eni: Interface, flow: Flow, leaving: bool) -> Hop:
    """The same hop, with the rule that would change it, where one would."""
    if hop.outcome is Outcome.SECURITY_GROUP:
        return hop._replace(advice=_group_rule(view, flow, leaving))
    if hop.outcome is Outcome.NETWORK_ACL:
        return hop._replace(advice=_acl_entry(view, eni, flow, leaving))
    return hop


def _traffic(flow: Flow) -> str:
    name = _NAMES.get(flow.protocol, f"proto {flow.protocol}")
    return f"{name} {flow.dst_port}" if flow.protocol in (TCP, UDP) else name


def _group_rule(view: VpcView, flow: Flow, leaving: bool) -> str:
    """The peer by its own group where it has one that is not everybody's, else by its address."""
    address = flow.dst if leaving else flow.src
    peer = view.at(address)
    groups = [view.groups[group].name for group in peer.groups] if peer is not None else []
    named = next((name for name in groups if name != "default"), f"{format_ip(address)}/32")
    return f"{_traffic(flow)} {'to' if leaving else 'from'} {named}"


def _acl_entry(view: VpcView, eni: Interface, flow: Flow, leaving: bool) -> str:
    """An entry before the one that denies; before all others when there is no room between."""
    acl = view.acls[view.subnets[eni.subnet].acl]
    entries, address = (acl.egress, flow.dst) if leaving else (acl.ingress, flow.src)
    denying = next((entry.number for entry in entries if entry.matches(flow, address)), 32767)
    taken = {entry.number for entry in entries}
    number = next((n for n in range(denying - 1, 0, -1) if n not in taken), 1)
    if denying == 32767:
        number = max(taken, default=90) // 10 * 10 + 10
    return f"{number} allow {_traffic(flow)} {'to' if leaving else 'from'} {format_ip(address)}/32"
