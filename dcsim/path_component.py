"""A trace for programs: hops with the names and the fields that Reachability Analyzer gives its PathComponents.

EC2 API Reference, PathComponent and what it holds: AnalysisAclRule, AnalysisSecurityGroupRule, AnalysisRouteTableRoute,
AnalysisPacketHeader.
"""

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

from dcsim.problem import Mistake
from dcsim.topology.rule import Direction, parse_numbered_rule, parse_rule
from dcsim.trace import Place, Traced
from netvirt.address import format_ip
from netvirt.frame import Flow
from netvirt.journey import Hop
from netvirt.vpc.network_acl import LAST_RULE
from netvirt.vpc.traffic import ALL_PROTOCOLS, TCP, UDP


def as_dict(traced: Traced) -> dict[str, Any]:
    """Both directions."""
    handed = () if traced.middlebox is None else (traced.middlebox,)
    return {
        "source": traced.source,
        "destination": traced.asked,
        "networkPathFound": traced.reachable,
        "pathMtu": traced.path_mtu,
        "pathMtuComponent": None if traced.limit is None else f"{traced.limit.kind} {traced.limit.name}",
        "latency_ns": traced.latency_ns if traced.delivered else None,
        "forwardPathComponents": components((*traced.forward.hops, *handed), traced.places),
        "returnPathComponents": None if traced.reply is None else components(traced.reply.hops, traced.reply_places),
        "explanations": [hop.code for hop in (*traced.blockers, *handed) if hop.code],
        "additionalDetails": list(traced.notes),
    }


def components(hops: Iterable[Hop], places: Iterable[Place] = ()) -> list[dict[str, Any]]:
    """`places` are the hops', as far as they are known."""
    return [
        _component(number, hop, place)
        for number, (hop, place) in enumerate(zip_longest(hops, places), 1)
        if hop is not None
    ]


def _component(number: int, hop: Hop, place: Place | None) -> dict[str, Any]:
    component: dict[str, Any] = {
        "sequenceNumber": number,
        "component": hop.label,
        "kind": hop.kind,
        "rule": hop.rule,
        "written": hop.written or None,
        "outcome": hop.outcome.value if hop.outcome is not None else None,
        "explanationCode": hop.code or None,
        "advice": hop.advice or None,
    }
    if place is not None:
        component |= {
            "vpc": place.vpc or None,
            "subnet": place.subnet or None,
            "inboundHeader": _header(place.inbound),
            "outboundHeader": _header(place.outbound),
        }
    return component | _decided_by(hop)


def _header(flow: Flow) -> dict[str, Any]:
    header: dict[str, Any] = {
        "protocol": str(flow.protocol),
        "sourceAddresses": [format_ip(flow.src)],
        "destinationAddresses": [format_ip(flow.dst)],
    }
    if flow.protocol in (TCP, UDP):
        header["sourcePortRanges"] = [_range(flow.src_port, flow.src_port)]
        header["destinationPortRanges"] = [_range(flow.dst_port, flow.dst_port)]
    return header


def _range(first: int, last: int) -> dict[str, int]:
    return {"from": first, "to": last}


def _decided_by(hop: Hop) -> dict[str, Any]:
    """The rule itself, where one sentence decided."""
    try:
        match hop.kind:
            case "acl":
                return {"aclRule": _acl_rule(hop)}
            case "sg" if not hop.blocked and hop.rule != "tracked flow":
                return {"securityGroupRule": _group_rule(hop)}
            case "rt" | "tgw" if " -> " in hop.rule:
                table, _, route = hop.rule.rpartition(": ") if hop.kind == "tgw" else (hop.name, "", hop.rule)
                block, _, target = route.partition(" -> ")
                word = "routeTableRoute" if hop.kind == "rt" else "transitGatewayRouteTableRoute"
                return {word: {"destinationCidr": block, "target": target, "routeTable": table}}
    except Mistake:
        pass  # a sentence of EC2's own
    return {}


def _acl_rule(hop: Hop) -> dict[str, Any]:
    if hop.rule == LAST_RULE:
        return {"ruleNumber": 32767, "ruleAction": "deny", "protocol": "-1"}
    direction = _direction(hop.rule)
    rule = parse_numbered_rule(hop.rule, direction)
    found: dict[str, Any] = {
        "ruleNumber": rule.number,
        "ruleAction": "allow" if rule.allow else "deny",
        "egress": direction == "egress",
        "protocol": str(rule.traffic.protocol),
        "cidr": str(rule.cidr_block),
    }
    return found | _ports(rule.traffic.protocol, rule.traffic.ports)


def _group_rule(hop: Hop) -> dict[str, Any]:
    direction = _direction(hop.rule)
    rule = parse_rule(hop.rule, direction)
    found: dict[str, Any] = {
        "securityGroup": hop.name,
        "direction": direction,
        "protocol": str(rule.traffic.protocol),
        ("peer" if isinstance(rule.peer, str) else "cidr"): str(rule.peer),
    }
    return found | _ports(rule.traffic.protocol, rule.traffic.ports)


def _ports(protocol: int, ports: tuple[int, int] | None) -> dict[str, Any]:
    if protocol == ALL_PROTOCOLS or ports is None:
        return {}
    return {"portRange": _range(*ports)}


def _direction(rule: str) -> Direction:
    return "egress" if " to " in rule else "ingress"
