"""A second opinion on IPv6: random dual-stack VPCs, judged by a few plain lines that share no code with the product.

Each packet begins a flow of its own, so that nothing is remembered from the one before.
"""

from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from random import Random

import pytest
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.packet import Raw

from dcsim.trace import trace
from dcsim.traffic_spec import TrafficSpec
from netvirt.address import parse_address

from .lab import World

VPC = IPv6Network("2001:db8:0:100::/56")
OUTSIDER = "3fff::a"
BLOCKS = ("::/0", "2001:db8:0:100::/56", "2001:db8:0:101::/64", "2001:db8:0:100::4/128", "3fff::/20", "2000::/3")
NUMBERS = {"tcp": 6, "udp": 17, "icmpv6": 58}
WORLDS, FLOWS = 24, 14


@dataclass(frozen=True)
class Rule:
    """`peer` is a block or a group's name; ports None mean every one."""

    protocol: str
    ports: tuple[int, int] | None
    peer: str
    number: int = 0
    allow: bool = True

    def text(self, side: str) -> str:
        ports = "" if self.ports is None else f" {self.ports[0]}-{self.ports[1]}"
        return f"{self.protocol}{ports} {side} {self.peer}"

    def speaks_of(self, protocol: str, port: int) -> bool:
        if self.protocol == "all":
            return True
        return self.protocol == protocol and (self.ports is None or self.ports[0] <= port <= self.ports[1])


@dataclass
class Subnet:
    block: IPv6Network
    table: str
    acl: str


@dataclass
class Plan:
    igw: bool
    eigw: bool
    subnets: dict[str, Subnet] = field(default_factory=dict)
    routes: dict[str, dict[str, str]] = field(default_factory=dict)
    acls: dict[str, tuple[list[Rule], list[Rule]]] = field(default_factory=dict)
    groups: dict[str, tuple[list[Rule], list[Rule] | None]] = field(default_factory=dict)
    instances: dict[str, tuple[str, str]] = field(default_factory=dict)

    def address(self, name: str) -> IPv6Address:
        subnet, _ = self.instances[name]
        fellows = [other for other, (home, _) in self.instances.items() if home == subnet]
        return self.subnets[subnet].block[4 + fellows.index(name)]


def a_rule(random: Random, peers: list[str], number: int = 0) -> Rule:
    protocol = random.choice(["all", "tcp", "tcp", "udp", "icmpv6"])
    ports = random.choice([None, (22, 22), (80, 443), (0, 1023)]) if protocol in ("tcp", "udp") else None
    return Rule(protocol, ports, random.choice(peers), number, random.random() < 0.75)


def rules(random: Random, peers: list[str], most: int) -> list[Rule]:
    found = [a_rule(random, peers, 10 * number) for number in range(1, random.randint(1, most) + 1)]
    seen: dict[tuple[object, ...], Rule] = {}
    for rule in found:
        seen.setdefault((rule.protocol, rule.ports, rule.peer), rule)
    return list(seen.values())


def a_plan(random: Random) -> Plan:
    plan = Plan(random.random() < 0.8, random.random() < 0.7)
    gateways = ["igw"] * plan.igw + ["eigw"] * plan.eigw
    plan.routes = {"main": {}}
    for name in ("t1", "t2"):
        ways = [random.choice(gateways)] if gateways else []
        plan.routes[name] = {random.choice(["::/0", "3fff::/20"]): way for way in ways}
    plan.acls = {"default": ([Rule("all", None, "::/0", 101)], [Rule("all", None, "::/0", 101)])}
    plan.acls["n1"] = rules(random, list(BLOCKS), 5), rules(random, list(BLOCKS), 4)
    for number in range(3):
        table, acl = random.choice(["main", "t1", "t2", "t1"]), random.choice(["default", "default", "n1"])
        plan.subnets[f"s{number}"] = Subnet(list(VPC.subnets(new_prefix=64))[number], table, acl)
    names = ["g1", "g2"]
    for name in names:
        egress = None if random.random() < 0.6 else rules(random, [*BLOCKS, *names], 4)
        plan.groups[name] = rules(random, [*BLOCKS, *names], 5), egress
    for number in range(5):
        plan.instances[f"i{number}"] = random.choice(list(plan.subnets)), random.choice(names)
    return plan


def written(plan: Plan) -> str:
    lines = ["vpcs:", "  m:", "    cidr_block: 10.0.0.0/16", "    amazon_provided_ipv6_cidr_block: true"]
    lines += ["    internet_gateway: igw"] * plan.igw + ["    egress_only_internet_gateway: eigw"] * plan.eigw
    lines.append("    subnets:")
    for number, (name, each) in enumerate(plan.subnets.items()):
        keys = f"availability_zone: {'ab'[number % 2]}, cidr_block: 10.0.{number}.0/24, ipv6_cidr_block: true"
        own = f", route_table: {each.table}, network_acl: {each.acl}"
        lines.append(f"      {name}: {{{keys}, assign_ipv6_address_on_creation: true{own}}}")
    lines.append("    route_tables:")
    for name in ("t1", "t2"):
        routes = ", ".join(f'"{block}": {way}' for block, way in plan.routes[name].items())
        lines.append(f"      {name}: {{routes: {{{routes}}}}}")
    lines += ["    network_acls:", "      n1:"]
    for key, side, listed in (("ingress", "from", plan.acls["n1"][0]), ("egress", "to", plan.acls["n1"][1])):
        lines.append(f"        {key}:")
        verdicts = {True: "allow", False: "deny"}
        lines += [f'          - "{rule.number} {verdicts[rule.allow]} {rule.text(side)}"' for rule in listed]
    lines.append("    security_groups:")
    for name, (ingress, egress) in plan.groups.items():
        lines += [f"      {name}:", "        ingress:", *(f'          - "{rule.text("from")}"' for rule in ingress)]
        if egress is not None:
            lines += ["        egress:", *(f'          - "{rule.text("to")}"' for rule in egress)]
    lines.append("    instances:")
    lines += [f"      {name}: {{subnet: {home}, security_groups: {g}}}" for name, (home, g) in plan.instances.items()]
    return "\n".join([*lines, "internet: {instances: {customer: {ipv6_address: true}}}", ""])


# The opinion.


def ending(plan: Plan, sender: str, dst: IPv6Address, protocol: str, port: int) -> tuple[str, str]:
    """How a flow's first packet ends, and at whom: by the order of checks of the facts' section 0."""
    inside = {plan.address(name): name for name in plan.instances}
    if sender == "customer":
        source, receiver = IPv6Address(OUTSIDER), inside[dst]
        home = plan.subnets[plan.instances[receiver][0]]
        if not plan.igw or way(plan, home, source) == "eigw":
            return "refused by the gateway", "border"
        return entering(plan, receiver, source, protocol, port, crosses=True)
    source, (subnet, group) = plan.address(sender), plan.instances[sender]
    home, egress = plan.subnets[subnet], plan.groups[group][1]
    if egress is not None and not allowed(plan, egress, dst, protocol, port):
        return "security group", sender
    if dst not in home.block:
        if not acl_allows(plan.acls[home.acl][1], dst, protocol, port):
            return "network ACL", sender
        target = way(plan, home, dst)
        if target is None:
            return "no route", sender
        if target != "local":
            return "delivered", "customer"
    return entering(plan, inside[dst], source, protocol, port, crosses=dst not in home.block)


def entering(
    plan: Plan, receiver: str, source: IPv6Address, protocol: str, port: int, crosses: bool
) -> tuple[str, str]:
    subnet, group = plan.instances[receiver]
    if crosses and not acl_allows(plan.acls[plan.subnets[subnet].acl][0], source, protocol, port):
        return "network ACL", receiver
    if not allowed(plan, plan.groups[group][0], source, protocol, port):
        return "security group", receiver
    return "delivered", receiver


def way(plan: Plan, home: Subnet, dst: IPv6Address) -> str | None:
    routes = {VPC: "local"} | {IPv6Network(block): target for block, target in plan.routes[home.table].items()}
    fitting = [block for block in routes if dst in block]
    return routes[max(fitting, key=lambda block: block.prefixlen)] if fitting else None


def acl_allows(entries: list[Rule], peer: IPv6Address, protocol: str, port: int) -> bool:
    for rule in sorted(entries, key=lambda rule: rule.number):
        if peer in IPv6Network(rule.peer) and rule.speaks_of(protocol, port):
            return rule.allow
    return False


def allowed(plan: Plan, listed: list[Rule], peer: IPv6Address, protocol: str, port: int) -> bool:
    return any(rule.speaks_of(protocol, port) and is_peer(plan, rule.peer, peer) for rule in listed)


def is_peer(plan: Plan, said: str, peer: IPv6Address) -> bool:
    if said in plan.groups:
        return any(peer == plan.address(name) for name, (_, group) in plan.instances.items() if group == said)
    return peer in IPv6Network(said)


# The comparison.


def packet(world: World, sender: str, dst: str, protocol: str, port: int, number: int) -> object:
    head = world.to_router(sender) / IPv6(src=world.ipv6(sender), dst=dst)
    if protocol == "icmpv6":
        return head / ICMPv6EchoRequest(id=number, seq=1)
    if protocol == "tcp":
        return head / TCP(sport=40_000 + number, dport=port, flags="S", seq=number)
    return head / UDP(sport=40_000 + number, dport=port) / Raw(str(number).encode())


@pytest.mark.parametrize("seed", range(WORLDS))
def test_evaluator_trace_and_packet_agree(seed: int) -> None:
    random = Random(f"{seed}/ipv6")
    plan = a_plan(random)
    world = World(written(plan))
    assert {name: world.ipv6(name) for name in plan.instances} == {n: str(plan.address(n)) for n in plan.instances}
    hosts = {world[name].host.name: name for name in plan.instances}
    assert len(hosts) == len(plan.instances), "where it ended says at whom"
    for number in range(FLOWS):
        sender, receiver = random.sample([*plan.instances, "customer"], 2)
        dst = OUTSIDER if receiver == "customer" else str(plan.address(receiver))
        protocol, port = random.choice(list(NUMBERS)), random.choice([22, 80, 443, 1023, 8080])
        expected = ending(plan, sender, IPv6Address(dst), protocol, port)
        asked = f"{sender} -> {receiver} {protocol} {port}\n{written(plan)}"
        spec = TrafficSpec(NUMBERS[protocol], None if protocol == "icmpv6" else port, 30_000 + number, ipv6=True)
        traced = trace(world.world, world[sender], parse_address(dst), spec).forward
        assert traced.outcome.value == expected[0], f"trace of {asked}"
        place, outcome = world.fate(sender, packet(world, sender, dst, protocol, port, number))
        seen = outcome if outcome == "delivered" else outcome.value, hosts.get(place, place)
        assert seen == expected, f"packet of {asked}"
