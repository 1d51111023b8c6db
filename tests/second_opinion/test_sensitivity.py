"""The comparison notices: a product that is wrong on purpose does not get past it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from netvirt import datapath, mtu, rewrite
from netvirt.address import Cidr, Ip
from netvirt.appliance import border
from netvirt.constant import Constant
from netvirt.frame import Flow
from netvirt.gateway import edge, peering
from netvirt.journey import Hop, Outcome
from netvirt.mtu import Limit
from netvirt.vpc import conntrack, security_group
from netvirt.vpc.classifier import Classifier, Members
from netvirt.vpc.route_table import Route, RouteTable
from netvirt.vpc.traffic import ALL_PROTOCOLS, TCP, UDP, Traffic
from netvirt.vpc.view import Interface
from netvirt.vswitch import VSwitch

from .comparison import Comparison, random_case
from .model import Vpc

WORLDS = 200


FIRST = Classifier.first


def _last_match(rules: Classifier[Any], flow: Flow, peer: Ip, members: Members) -> Any:
    found = (FIRST(Classifier([rule]), flow, peer, members) for rule in reversed(rules._rules))
    return next((rule for rule in found if rule is not None), None)


def _not_asked(_: Any, owner: Interface, __: Ip) -> edge.Entrance:
    return edge.Entrance(owner, None)


def _only_the_primary(q: datapath.Question) -> Hop:
    if q.flow.dst == q.eni.address or not q.eni.source_dest_check:
        return Hop("destination", q.eni.name, "is its own")
    return datapath._check_failed(q.eni, "destination")


def _known_anywhere(q: datapath.Question, groups: Any, lists: Sequence[Classifier[Any]], peer: Ip) -> Any:
    found = (rules.first(q.flow, peer, q.view.members) for rules in lists)
    return next(((group.name, rule) for group, rule in zip(groups, found, strict=True) if rule is not None), None)


def _shortest_prefix(table: RouteTable, destination: Ip) -> Route | None:
    fitting = [(block.prefix, route) for route in table.routes for block in route.blocks if block.holds(destination)]
    return min(fitting, key=lambda pair: pair[0], default=(0, None))[1]


def _last_port_left_out(traffic: Traffic, flow: Flow) -> bool:
    if traffic.protocol == ALL_PROTOCOLS or traffic.protocol != flow.protocol:
        return traffic.protocol == ALL_PROTOCOLS
    return flow.protocol not in (TCP, UDP) or traffic.first_port <= flow.dst_port < traffic.last_port


def _always_tracked(*_: Any) -> bool:
    return False


def _forgets_nothing(switch: VSwitch, view: Any, changed: Any = ()) -> None:
    switch.views[view.vni] = view


def _transitive(*_: Any) -> Hop:
    return Hop("peering", "", "goes on")


def _one_more(name: str) -> Limit:
    return mtu.Limit("igw", name, 1501, fragments=True, tells=True)


def _heard_by_nobody(_: datapath.Question) -> Iterator[Hop]:
    yield Hop("sg", "", "no", outcome=Outcome.SECURITY_GROUP)


def _nothing(*_: Any) -> None: ...


def _no_acl_behind_the_border(q: datapath.Question) -> Iterator[Hop]:
    if q.sender is not None and q.sender.subnet != q.eni.subnet:
        yield datapath._acl_hop(q, leaving=False)
    yield datapath._own_destination(q)
    yield datapath._group_hop(q, leaving=False)


def _only_its_own(vpc: Vpc, address: IPv4Address, group: str) -> bool:
    """The evaluator at fault: the product then knows more members than it."""
    instance = vpc.at(address)
    return instance is not None and group in instance.groups


def _half(name: str) -> tuple[Any, str, Constant]:
    constant: Constant = getattr(conntrack, name)
    return conntrack, name, replace(constant, low=0, value=constant.value // 2)


FAULTS = {
    "the last entry decides": (Classifier, "first", _last_match),
    "the shortest prefix wins": (RouteTable, "lookup", _shortest_prefix),
    "a range ends before its last port": (Traffic, "matches", _last_port_left_out),
    "prefix lists count before blocks": (Route, "rank", property(lambda route: isinstance(route.destination, Cidr))),
    "nobody asks the gateway's table": (edge, "enter", _not_asked),
    "groups are known behind middleboxes": (datapath, "_first_permitting", _known_anywhere),
    "a secondary address is nobody's": (datapath, "_own_destination", _only_the_primary),
    "everything is tracked": (security_group, "untracked", _always_tracked),
    "changed rules do not reach remembered flows": (VSwitch, "hold", _forgets_nothing),
    "peering is transitive": (peering, "cross", _transitive),
    "private sources come in": (border, "may_enter", lambda source: True),
    "checksums stay what they were": (rewrite, "_mend", _nothing),
    "what an error quotes stays as it was": (rewrite, "_replace_quoted", _nothing),
    "no network ACL behind the border": (datapath, "_ingress", _no_acl_behind_the_border),
    "1501 octets fit through a gateway": (mtu, "internet_gateway", _one_more),
    "nobody hears what the router says": (datapath, "_hear", _heard_by_nobody),
    "groups of peers have no members": (Vpc, "is_member", _only_its_own),
    "streams are forgotten early": _half("UDP_STREAM_NS"),
    "closing connections are forgotten early": _half("TCP_CLOSING_NS"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    cases = map(random_case, range(WORLDS))
    assert any(Comparison(case).play() is not None for case in cases)
