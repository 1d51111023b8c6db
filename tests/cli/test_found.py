"""What somebody tried and the tool could not cope with: an answer for people, each time."""

from .desk import HEAD, Desk

DUAL = "dual-stack.yaml"


def test_a_ping6_needs_ipv6_at_both_ends(desk: Desk) -> None:
    desk.write("p.yaml", "version: 1\ntopology: two-az.yaml\nduration: 20 s\nprobes: {x: {ping6: right, from: left}}\n")
    for command in ("check", "run"):
        said = desk.dcsim(command, "p.yaml")
        assert said.status == 2
        assert (said.out + said.err).startswith("p.yaml:4:10: left has no IPv6 address")


def test_no_ipv6_packet_is_smaller_than_its_headers(desk: Desk) -> None:
    assert desk.dcsim("trace", DUAL, "web-a", "customer", "tcp6", "443", "--size", "60").status == 0
    said = desk.dcsim("trace", DUAL, "web-a", "customer", "tcp6", "443", "--size", "59")
    assert (said.status, said.err) == (2, "dcsim: no packet of 59 bytes goes by IPv6; 60 at least\n")


def test_a_public_nat_gateway_has_an_elastic_ip(desk: Desk) -> None:
    vpc = "vpcs:\n  m:\n    cidr_block: 10.0.0.0/16\n    internet_gateway: igw\n    subnets: {n: {availability_zone: a, cidr_block: 10.0.1.0/24}}\n"
    desk.write("a.yaml", HEAD + vpc + "    nat_gateways: {nat: {subnet: n, elastic_ip: false}}\n")
    said = desk.dcsim("check", "a.yaml")
    assert said.status == 2 and "nat is public, so it has an Elastic IP" in said.out + said.err
    desk.write("b.yaml", HEAD + vpc + "    nat_gateways: {nat: {subnet: n, secondary_elastic_ips: [false, true]}}\n")
    said = desk.dcsim("check", "b.yaml")
    assert said.status == 2 and "secondary_elastic_ips has a false" in said.out + said.err
