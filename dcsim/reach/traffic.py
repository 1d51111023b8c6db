"""Kinds of traffic that a region's rules can tell apart, and the words for them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dcsim.cloud.vpc import Vpc
from dcsim.trace import TrafficSpec
from netvirt.vpc.traffic import ICMP, TCP, UDP, Traffic

TRANSPORTS = {TCP: "tcp", UDP: "udp"}
EVERY_PORT = range(65536)


@dataclass(frozen=True, slots=True)
class Kind:
    """Traffic that no rule tells apart: one protocol, and for TCP and UDP a range of destination ports.

    `unnamed` stands for every protocol that no rule names.
    """

    protocol: int
    ports: range | None = None
    unnamed: bool = False

    @property
    def example(self) -> TrafficSpec:
        """What happens to this one happens to all of the kind."""
        return TrafficSpec(self.protocol, self.ports[0] if self.ports else None)


def kinds(vpcs: Iterable[Vpc]) -> tuple[Kind, ...]:
    """Ping; the port ranges of TCP and UDP between the bounds that some rule has; other protocols that some rule
    names; and one that stands for the rest."""
    rules = [traffic for vpc in vpcs for traffic in _rules(vpc)]
    named = sorted({rule.protocol for rule in rules} - {-1, ICMP, TCP, UDP})
    rest = next((number for number in range(255, -1, -1) if number not in (ICMP, TCP, UDP, *named)), None)
    found = [Kind(ICMP)]
    for protocol in TRANSPORTS:
        found += [Kind(protocol, ports) for ports in _ranges(rule for rule in rules if rule.protocol == protocol)]
    found += [Kind(number) for number in named]
    return (*found, *([] if rest is None else [Kind(rest, unnamed=True)]))


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
    """`icmp tcp 22,1024-65535`; `all` when nothing is stopped, empty when everything is."""
    if len(passing) == len(every):
        return "all"
    words = ["icmp"] if any(kind.protocol == ICMP for kind in passing) else []
    for protocol, name in TRANSPORTS.items():
        ports = _ports_text([kind.ports for kind in passing if kind.protocol == protocol and kind.ports])
        words += [f"{name} {ports}".strip()] if ports is not None else []
    others = [kind for kind in passing if kind.protocol not in (ICMP, TCP, UDP)]
    return " ".join([*words, *("others" if kind.unnamed else f"proto {kind.protocol}" for kind in others)])


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
    if traffic.protocol == ICMP:
        return "icmp"
    name = TRANSPORTS.get(traffic.protocol)
    return f"proto {traffic.protocol}" if name is None else f"{name} {traffic.port}"
