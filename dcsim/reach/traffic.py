"""Kinds of traffic that a region's rules can tell apart, and the words for them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dcsim.cloud.vpc import Vpc
from dcsim.traffic_spec import TrafficSpec
from netvirt.vpc.traffic import ICMP, ICMPV6, TCP, UDP, Traffic

TRANSPORTS = {TCP: "tcp", UDP: "udp"}
ICMPS = {ICMP: "icmp", ICMPV6: "icmpv6"}
EVERY_PORT = range(65536)


@dataclass(frozen=True, slots=True)
class Kind:
    """Traffic that no rule tells apart: one protocol, and for TCP and UDP a range of destination ports.

    `unnamed` stands for every protocol that no rule names. `ipv6` is between IPv6 addresses.
    """

    protocol: int
    ports: range | None = None
    unnamed: bool = False
    ipv6: bool = False

    @property
    def example(self) -> TrafficSpec:
        """What happens to this one happens to all of the kind."""
        return TrafficSpec(self.protocol, self.ports[0] if self.ports else None, ipv6=self.ipv6)


def kinds(vpcs: Iterable[Vpc]) -> tuple[Kind, ...]:
    """Ping; the port ranges of TCP and UDP between the bounds that some rule has; other protocols that some rule
    names; and one that stands for the rest."""
    every = list(vpcs)
    rules = [traffic for vpc in every for traffic in _rules(vpc)]
    families = (False, True) if any(vpc.ipv6_cidr is not None for vpc in every) else (False,)
    return tuple(kind for ipv6 in families for kind in _kinds(rules, ipv6))


def _kinds(rules: Sequence[Traffic], ipv6: bool) -> tuple[Kind, ...]:
    ping, other = (ICMPV6, ICMP) if ipv6 else (ICMP, ICMPV6)
    # The other family's ping is no traffic that anybody means.
    named = sorted({rule.protocol for rule in rules} - {-1, ping, other, TCP, UDP})
    rest = next((number for number in range(255, -1, -1) if number not in (ping, other, TCP, UDP, *named)), None)
    found = [Kind(ping)]
    for protocol in TRANSPORTS:
        found += [Kind(protocol, ports) for ports in _ranges(rule for rule in rules if rule.protocol == protocol)]
    found += [Kind(number) for number in named]
    found += [] if rest is None else [Kind(rest, unnamed=True)]
    return tuple(replace(kind, ipv6=ipv6) for kind in found)


def _rules(vpc: Vpc) -> Iterator[Traffic]:
    for group in vpc.groups.values():
        yield from (rule.traffic for rule in (*group.ingress, *group.egress))
    for acl in vpc.acls.values():
        yield from (entry.traffic for entry in (*acl.ingress, *acl.egress))


def _ranges(rules: Iterable[Traffic]) -> list[range]:
    bounds = {EVERY_PORT.start, EVERY_PORT.stop}
    for rule in rules:
        bounds |= {rule.first_port, rule.last_port + 1}
    return [range(first, end) for first, end in pairwise(sorted(bounds))]


def kinds_text(passing: Sequence[Kind], every: Sequence[Kind]) -> str:
    """`icmp tcp 22,1024-65535 icmpv6 tcp6 22`; `all`, or `all6` of IPv6, when nothing is stopped; empty when everything
    is."""
    if len(passing) == len(every):
        return "all"
    families = dict.fromkeys(kind.ipv6 for kind in every)
    of_family = ([[kind for kind in kinds if kind.ipv6 == ipv6] for kinds in (passing, every)] for ipv6 in families)
    return " ".join(text for passed, all_ in of_family if (text := _family_text(passed, all_)))


def _family_text(passing: Sequence[Kind], every: Sequence[Kind]) -> str:
    six = "6" if any(kind.ipv6 for kind in passing) else ""
    if len(passing) == len(every):
        return f"all{six}"
    words = [ICMPS[kind.protocol] for kind in passing if kind.protocol in ICMPS][:1]
    for protocol, plain in TRANSPORTS.items():
        name = plain + six
        ports = _ports_text([kind.ports for kind in passing if kind.protocol == protocol and kind.ports])
        words += [f"{name} {ports}".strip()] if ports is not None else []
    others = [kind for kind in passing if kind.protocol not in (*ICMPS, TCP, UDP)]
    names = (f"others{six}" if kind.unnamed else f"proto{six} {kind.protocol}" for kind in others)
    return " ".join([*words, *names])


def _ports_text(ranges: Sequence[range]) -> str | None:
    """Neighbours joined; nothing to say of every port, None of no port."""
    joined: list[range] = []
    for ports in ranges:
        if joined and joined[-1].stop == ports.start:
            joined[-1] = range(joined[-1].start, ports.stop)
        else:
            joined.append(ports)
    if joined == [EVERY_PORT]:
        return ""
    texts = [str(ports[0]) if len(ports) == 1 else f"{ports[0]}-{ports[-1]}" for ports in joined]
    return ",".join(texts) or None


def traffic_text(traffic: TrafficSpec) -> str:
    if traffic.protocol in ICMPS:
        return ICMPS[traffic.protocol]
    name = TRANSPORTS.get(traffic.protocol)
    if name is None:
        return f"proto {traffic.protocol}"
    return f"{name}6 {traffic.port}" if traffic.ipv6 else f"{name} {traffic.port}"
