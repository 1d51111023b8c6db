"""What would let a blocked packet through, as sentences the user can put in the file."""

from collections import defaultdict

from dcsim.cloud.network_acl import FIRST_RULE, LAST_RULE
from netvirt.address import Ip, format_ip, is_ipv6
from netvirt.frame import Flow
from netvirt.journey import Hop, Outcome
from netvirt.vpc.traffic import ICMP, ICMPV6, TCP, UDP
from netvirt.vpc.view import Interface, VpcView

CLIENT_PORTS = "1024-65535"
"""Where replies go when nobody knows the client (VPC User Guide, "Ephemeral ports")."""
STEP = 10
"""Entries are numbered with room between them, as AWS recommends."""

_NAMES = {ICMP: "icmp", ICMPV6: "icmpv6", TCP: "tcp", UDP: "udp"}


class Advisor:
    """Finds blockers their rules. Entries advised before are remembered: all are to stand side by side in the end."""

    def __init__(self) -> None:
        self._advised: defaultdict[tuple[str, bool], set[int]] = defaultdict(set)

    def advise(self, hop: Hop, view: VpcView, eni: Interface, flow: Flow, ports: str, leaving: bool) -> Hop:
        """The same hop, with the rule that would change it, where one would. `ports` are the flow's, as a rule says."""
        address, side = (flow.dst, "to") if leaving else (flow.src, "from")
        name = _NAMES.get(flow.protocol, f"proto {flow.protocol}")
        traffic = f"{name} {ports}" if flow.protocol in (TCP, UDP) else name
        if hop.outcome is Outcome.SECURITY_GROUP:
            return hop._replace(advice=f"{traffic} {side} {_peer(view, address)}")
        if hop.outcome is Outcome.NETWORK_ACL:
            place = self._place(view, eni, flow, leaving)
            return hop._replace(advice=f"{place} allow {traffic} {side} {_alone(address)}")
        return hop

    def _place(self, view: VpcView, eni: Interface, flow: Flow, leaving: bool) -> str:
        """The nearest free number before the entry that denies."""
        acl = view.acls[view.subnets[eni.subnet].acl]
        entries, peer = (acl.egress, flow.dst) if leaving else (acl.ingress, flow.src)
        advised = self._advised[acl.id, leaving]
        taken = advised | {entry.number for entry in entries}
        denying = next((entry.number for entry in entries if entry.matches(flow, peer)), LAST_RULE + 1)
        last = max(taken, default=90) // STEP * STEP + STEP if denying > LAST_RULE else denying - 1
        number = next((n for n in range(min(last, LAST_RULE), FIRST_RULE - 1, -1) if n not in taken), None)
        if number is None:
            return f"before {denying}:"
        advised.add(number)
        return str(number)


def _peer(view: VpcView, address: Ip) -> str:
    """By its own group where it has one that is not everybody's, else by its address."""
    interface = view.at(address)
    groups = [view.groups[group].name for group in interface.groups] if interface is not None else []
    return next((name for name in groups if name != "default"), _alone(address))


def _alone(address: Ip) -> str:
    """The block that holds nothing else."""
    return f"{format_ip(address)}/{128 if is_ipv6(address) else 32}"
