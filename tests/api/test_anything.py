"""Whatever is called, in whatever words: it is carried out, or refused; and the region goes on."""

from collections.abc import Sequence
from random import Random

import pytest

from dcsim.api.verbs import VERBS, asked
from dcsim.problem import Refused
from dcsim.topology.python import Value, properties_of

from .desk import HERE, MS, REGION, Desk

WORDS: list[Value] = [
    *("shop", "data", "far", "nowhere", "", "main", "default", "shop/main", "data/default", "public", "private", "out"),
    *("web", "shy", "db", "open", "shop/web", "web-a", "web-b", "given", "app", "igw", "shop-data", "data-far", "new"),
    *("10.0.0.0/16", "10.1.0.0/16", "0.0.0.0/0", "10.0.0.0/24", "::/0", "169.254.168.0/24", "10.0.0.4", "10.0.0.77"),
    *("198.18.0.10", "198.18.0.77", "198.51.100.7", "tcp 22 from web", "icmp from 0.0.0.0/0", "all to 0.0.0.0/0"),
    *("100 allow all from 0.0.0.0/0", "7 deny all to 0.0.0.0/0", "7 deny udp from 0.0.0.0/0", "100", "7", "0", "-1"),
    *("true", "false", "local", "eni-0", "\0", "é", "a" * 300, "web-a, web-b", True, 3, ["web", "shy"], [], {}),
]


@pytest.mark.parametrize("seed", range(4))
def test_a_call_is_carried_out_or_refused(seed: int) -> None:
    random, desk = Random(f"{seed}/calls"), Desk(REGION)
    done = 0
    for _ in range(120):
        verb = random.choice(list(VERBS))
        keys = [key for key in VERBS[verb].model_fields if random.random() < 0.9] + ["nonsense"] * (
            random.random() < 0.05
        )
        properties = {key: random.choice(WORDS) for key in keys}
        before = {name: desk.world.control.view(name) for name in desk.world.control.vpcs}
        try:
            request = asked(desk.world.control, verb, properties_of(properties, HERE), HERE)
            desk.world.call(request)
            done += 1
        except Refused as refused:
            assert all(problem.mark == HERE and problem.message for problem in refused.problems)
            assert {name: desk.world.control.view(name) for name in desk.world.control.vpcs} == before, (
                verb,
                properties,
            )
        if random.random() < 0.2:
            sender = random.choice(["web-b", "customer", "db"])
            desk[sender].send(desk.datagram(sender, random.choice(["10.0.0.4", "198.18.0.11"]))[0])
            desk.wait(MS)
    desk.wait(1_000 * MS)
    assert done


def test_likely_calls_in_any_order_leave_a_region_that_works() -> None:
    """Of what means something, so that much is carried out; frames are conserved (tests/conftest.py)."""
    random, desk = Random("likely calls"), Desk(REGION)
    done = 0
    for _ in range(150):
        verb, properties = random.choice(LIKELY)
        try:
            desk.ask(verb, **{key: random.choice(values) for key, values in properties.items()})
            done += 1
        except Refused:
            pass
        for sender, address in (("customer", "198.18.0.10"), ("customer", "198.18.0.11"), ("db", "10.0.0.4")):
            frame, _ = desk.datagram(sender, address)
            desk[sender].send(frame)
        desk.wait(random.choice((MS, 50 * MS, 120 * MS, 20_000 * MS)))
    assert done >= 60


TABLES = ["shop/public", "shop/private", "shop/main", "data/out"]
LIKELY: list[tuple[str, dict[str, Sequence[Value]]]] = [
    ("StopInstances", {"instance": ["web-a", "web-b", "db"]}),
    ("StartInstances", {"instance": ["web-a", "web-b", "db"]}),
    ("StartInstances", {"instance": ["web-a", "web-b", "db"]}),
    ("RebootInstances", {"instance": ["web-a", "web-b", "db"]}),
    ("AssociateAddress", {"instance": ["web-a", "web-b", "bare"], "public_ip": ["198.18.0.10", "198.18.0.11"]}),
    ("DisassociateAddress", {"public_ip": ["198.18.0.10", "198.18.0.11"]}),
    ("AssignPrivateIpAddresses", {"instance": ["web-a", "bare"], "private_ip_addresses": ["10.0.0.50", "10.0.0.51"], "allow_reassignment": [True]}),
    ("UnassignPrivateIpAddresses", {"instance": ["web-a", "bare"], "private_ip_addresses": ["10.0.0.50", "10.0.0.51"]}),
    ("ModifyNetworkInterfaceAttribute", {"instance": ["web-a", "web-b"], "security_groups": ["web", "shy", "shop/default"]}),
    ("ReplaceRoute", {"route_table": ["shop/public"], "destination": ["0.0.0.0/0", "10.1.0.0/16"], "target": ["igw", "shop-data", "web-b"]}),
    ("DeleteRoute", {"route_table": TABLES, "destination": ["0.0.0.0/0", "10.1.0.0/16"]}),
    ("CreateRoute", {"route_table": TABLES, "destination": ["0.0.0.0/0", "10.1.0.0/16"], "target": ["igw", "shop-data"]}),
    ("DeleteVpcPeeringConnection", {"vpc_peering_connection": ["shop-data"]}),
    ("CreateVpcPeeringConnection", {"name": ["shop-data"], "vpc": ["shop"], "peer_vpc": ["data"]}),
    ("ReplaceRouteTableAssociation", {"route_table": ["shop/private", "shop/public"], "subnet": ["public-a", "public-b"]}),
    ("RevokeSecurityGroupIngress", {"security_group": ["web"], "ingress": ["udp 9 from 0.0.0.0/0"]}),
    ("AuthorizeSecurityGroupIngress", {"security_group": ["web"], "ingress": ["udp 9 from 0.0.0.0/0"]}),
    ("CreateNetworkAclEntry", {"network_acl": ["shop/default"], "ingress": ["7 deny udp from 0.0.0.0/0"]}),
    ("DeleteNetworkAclEntry", {"network_acl": ["shop/default"], "ingress": [7, 100]}),
    ("TerminateInstances", {"instance": ["shy", "given", "app"]}),
]  # fmt: skip
