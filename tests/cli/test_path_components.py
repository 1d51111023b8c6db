"""`dcsim trace --json`: where each hop was met, with which headers, and the rule itself."""

import json
from typing import Any

from typer.testing import CliRunner

from dcsim.cli.app import app
from dcsim.topology.load import shipped_directory


def path(topology: str, *asked: str, direction: str = "forward") -> list[dict[str, Any]]:
    said = CliRunner().invoke(app, ["trace", str(shipped_directory() / topology), *asked, "--json"])
    components: list[dict[str, Any]] = json.loads(said.output)[f"{direction}PathComponents"]
    assert [each["sequenceNumber"] for each in components] == list(range(1, len(components) + 1))
    return components


def ends(header: dict[str, Any]) -> tuple[str, str]:
    return header["sourceAddresses"][0], header["destinationAddresses"][0]


def test_headers_change_where_somebody_translates() -> None:
    way = path("public-private-nat.yaml", "app-a", "mirror", "tcp", "443")
    changes = [
        (each["kind"], ends(each["outboundHeader"])) for each in way if each["inboundHeader"] != each["outboundHeader"]
    ]
    mirror = "198.51.100.7"
    assert [kind for kind, _ in changes] == ["nat", "igw"]
    assert changes[0][1][0].startswith("10.0.0.") and changes[1][1][0].startswith("198.18.")
    assert {ends(each["outboundHeader"])[1] for each in way} == {mirror}
    back = path("public-private-nat.yaml", "app-a", "mirror", "tcp", "443", direction="return")
    assert ends(back[-1]["outboundHeader"]) == (mirror, ends(way[0]["inboundHeader"])[0])


def test_each_hop_says_where_it_was_met() -> None:
    way = path("transit-gateway.yaml", "shop-a", "data-b", "tcp", "6379")
    vpcs = [each["vpc"] for each in way if each["vpc"]]
    assert list(dict.fromkeys(vpcs)) == ["shop", "inspection", "data"]
    assert {each["subnet"] for each in way if each["kind"] == "rt"} == {"app-a", "tgw-a", "fw-a"}
    assert [each["transitGatewayRouteTableRoute"] for each in way if each["kind"] == "tgw"] == [
        {"destinationCidr": "10.0.0.0/8", "target": "inspection", "routeTable": "spokes"},
        {"destinationCidr": "10.2.0.0/16", "target": "data", "routeTable": "hub"},
    ]


def test_the_rule_that_decided_in_its_parts() -> None:
    way = {each["kind"]: each for each in path("transit-gateway.yaml", "shop-a", "data-b", "tcp", "6379")}
    assert way["sg"]["securityGroupRule"] == {
        "securityGroup": "cache",
        "direction": "ingress",
        "protocol": "6",
        "cidr": "10.1.0.0/16",
        "portRange": {"from": 6379, "to": 6379},
    }
    assert way["acl"]["aclRule"] == {
        "ruleNumber": 100,
        "ruleAction": "allow",
        "egress": False,
        "protocol": "-1",
        "cidr": "0.0.0.0/0",
    }
    assert way["rt"]["routeTableRoute"] == {"destinationCidr": "10.2.0.0/16", "target": "local", "routeTable": "main"}


def test_what_blocks_keeps_its_rule() -> None:
    way = path("web-server.yaml", "visitor", "web", "tcp", "8080")
    denied = next(each for each in way if each["explanationCode"] == "SUBNET_ACL_RESTRICTION")
    assert denied["aclRule"] == {"ruleNumber": 32767, "ruleAction": "deny", "protocol": "-1"}
