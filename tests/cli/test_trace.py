"""`dcsim trace`: which rule decided, where it stands, everything in the way, and what would let the packet through."""

import pytest

from .desk import HEAD, Desk, answer

SHOP = (
    HEAD
    + """\
plant: {racks: 1, hosts: 3}
links: {a <-> b: {delay: 0.3 ms}}
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    subnets:
      front: {per_zone: true, cidr_block: 10.0.1.0/24, network_acl: edge, route_table: front}
      back: {per_zone: true, cidr_block: 10.0.11.0/24, network_acl: inner}
    route_tables:
      front: {routes: {192.168.0.0/16: fw}}
    network_acls:
      edge:
        ingress:
          - 100 allow tcp 80 from 0.0.0.0/0
          - 110 deny tcp 22 from 0.0.0.0/0
        egress:
          - 100 deny tcp 5432 to 10.0.0.0/16
          - 200 allow all to 0.0.0.0/0
      inner:
        ingress: 100 allow tcp 5433 from 10.0.0.0/16
        egress: 100 allow tcp 1-1023 to 10.0.0.0/16
    security_groups:
      web: {ingress: tcp 80 from 0.0.0.0/0, egress: [tcp 8080 to 0.0.0.0/0, tcp 5433 to db]}
      db: {ingress: [tcp 5432 from 10.9.0.0/16, tcp 5433 from web]}
    instances:
      web: {per_zone: true, subnet: front, security_groups: web}
      db: {per_zone: true, subnet: back, security_groups: db}
      fw: {subnet: back-a, source_dest_check: false}
"""
)

TRACES = [
    (
        "web-a db-b tcp 5432",
        """
        1 web-a         source is its own address
        2 sg web        BLOCKED ENI_SG_RULES_MISMATCH
        3 acl edge      BLOCKED SUBNET_ACL_RESTRICTION
        4 rt front      10.0.0.0/16 -> local
        5 mapping       db-b is on host b/r1/h2
        6 a -> b        300 us
        7 acl inner     BLOCKED SUBNET_ACL_RESTRICTION
        8 sg db         BLOCKED ENI_SG_RULES_MISMATCH
        reply acl inner BLOCKED SUBNET_ACL_RESTRICTION
        reply acl edge  BLOCKED SUBNET_ACL_RESTRICTION
        a.yaml:26 sg web (forward): allows only: tcp 8080 to 0.0.0.0/0, tcp 5433 to db
        would take: tcp 5432 to db
        a.yaml:20 acl edge (forward): 100 deny tcp 5432 to 10.0.0.0/16
        would take: 99 allow tcp 5432 to 10.0.12.4/32
        acl inner (forward): * deny all
        would take: 110 allow tcp 5432 from 10.0.1.4/32
        a.yaml:27 sg db (forward): allows only: tcp 5432 from 10.9.0.0/16, tcp 5433 from web
        would take: tcp 5432 from web
        acl inner (reply): * deny all
        would take: 110 allow tcp 1024-65535 to 10.0.1.4/32
        acl edge (reply): * deny all
        would take: 120 allow tcp 1024-65535 from 10.0.12.4/32
        note            AVAILABILITY_ZONE_CROSSED
        """,
    ),
    (
        "web-a db-a tcp 5433 --source-port 1000",
        """
        1 web-a        source is its own address
        2 sg web       tcp 5433 to db
        3 acl edge     200 allow all to 0.0.0.0/0
        4 rt front     10.0.0.0/16 -> local
        5 mapping      db-a is on host a/r1/h2
        6 acl inner    100 allow tcp 5433 from 10.0.0.0/16
        7 sg db        tcp 5433 from web
        8 db-a         DELIVERED after 10.21 us
        reply acl edge BLOCKED SUBNET_ACL_RESTRICTION
        acl edge (reply): * deny all
        would take: 120 allow tcp 1000 from 10.0.11.4/32
        """,
    ),
    (
        "web-a 192.168.1.1 tcp 8080",
        """
        1 web-a        source is its own address
        2 sg web       tcp 8080 to 0.0.0.0/0
        3 acl edge     200 allow all to 0.0.0.0/0
        4 rt front     192.168.0.0/16 -> fw
        5 mapping      fw is on host a/r1/h3
        6 acl inner    BLOCKED SUBNET_ACL_RESTRICTION
        7 sg default   BLOCKED ENI_SG_RULES_MISMATCH
        acl inner (forward): * deny all
        would take: 110 allow tcp 8080 from 10.0.1.4/32
        sg default (forward): allows only: all from default
        would take: tcp 8080 from web
        """,
    ),
    (
        "db-a fw icmp",
        """
        1 db-a         source is its own address
        2 sg db        all to 0.0.0.0/0
        3 mapping      fw is on host a/r1/h3
        4 sg default   BLOCKED ENI_SG_RULES_MISMATCH
        reply          tracked flows
        sg default (forward): allows only: all from default
        would take: icmp from db
        """,
    ),
    (
        "db-b db-a icmp",
        """
        1 db-b          source is its own address
        2 sg db         all to 0.0.0.0/0
        3 acl inner     BLOCKED SUBNET_ACL_RESTRICTION
        4 rt main       10.0.0.0/16 -> local
        5 mapping       db-a is on host a/r1/h2
        6 b -> a        300 us
        7 acl inner     BLOCKED SUBNET_ACL_RESTRICTION
        8 sg db         BLOCKED ENI_SG_RULES_MISMATCH
        reply acl inner BLOCKED SUBNET_ACL_RESTRICTION
        reply acl inner BLOCKED SUBNET_ACL_RESTRICTION
        acl inner (forward): * deny all
        would take: 110 allow icmp to 10.0.11.4/32
        acl inner (forward): * deny all
        would take: 110 allow icmp from 10.0.12.4/32
        a.yaml:27 sg db (forward): allows only: tcp 5432 from 10.9.0.0/16, tcp 5433 from web
        would take: icmp from db
        acl inner (reply): * deny all
        would take: 120 allow icmp to 10.0.12.4/32
        acl inner (reply): * deny all
        would take: 120 allow icmp from 10.0.11.4/32
        note            AVAILABILITY_ZONE_CROSSED
        """,
    ),
    (
        "db-a 10.0.200.9 tcp 443",
        """
        1 db-a         source is its own address
        2 sg db        all to 0.0.0.0/0
        3 acl inner    100 allow tcp 1-1023 to 10.0.0.0/16
        4 rt main      10.0.0.0/16 -> local
        5 mapping shop BLOCKED NO_POSSIBLE_DESTINATION
        mapping shop (forward): no interface has the destination address
        """,
    ),
    (
        "db-a 8.8.8.8 proto 47",
        """
        1 db-a         source is its own address
        2 sg db        all to 0.0.0.0/0
        3 acl inner    BLOCKED SUBNET_ACL_RESTRICTION
        4 rt main      BLOCKED NO_ROUTE_TO_DESTINATION
        acl inner (forward): * deny all
        would take: 110 allow proto 47 to 8.8.8.8/32
        rt main (forward): no route to the destination
        """,
    ),
]


@pytest.mark.parametrize(("asked", "expected"), TRACES, ids=[asked for asked, _ in TRACES])
def test_what_is_in_the_way(desk: Desk, asked: str, expected: str) -> None:
    desk.write("a.yaml", SHOP)
    said = desk.dcsim("trace", "a.yaml", *asked.split())
    assert (said.status, said.err) == (1, "")
    assert said.out == answer(expected)


OPEN = (
    HEAD
    + """\
links: {a <-> b: {delay: 0.3 ms}}
vpcs:
  m:
    cidr_block: 10.0.0.0/16
    subnets: {net: {per_zone: true, cidr_block: 10.0.1.0/24}, far: {per_zone: a, cidr_block: 10.0.9.0/24}}
    security_groups:
      clients-of-the-database: {}
      database: {ingress: tcp 5432 from clients-of-the-database, egress: []}
      all-tcp: {ingress: tcp from 0.0.0.0/0}
    instances:
      client: {subnet: net-a, security_groups: clients-of-the-database}
      database: {subnet: net-b, security_groups: database}
      neighbour: {subnet: net-a, security_groups: all-tcp}
      open: {subnet: far-a, security_groups: all-tcp}
"""
)


def test_long_names_widen_their_column(desk: Desk) -> None:
    desk.write("a.yaml", OPEN)
    said = desk.dcsim("trace", "a.yaml", "client", "database", "tcp", "5432")
    assert (said.status, said.err) == (0, "")
    assert said.out == answer(
        """
        1 client                     source is its own address
        2 sg clients-of-the-database all to 0.0.0.0/0
        3 acl default                100 allow all to 0.0.0.0/0
        4 rt main                    10.0.0.0/16 -> local
        5 mapping                    database is on host b/r1/h1
        6 a -> b                     300 us
        7 acl default                100 allow all from 0.0.0.0/0
        8 sg database                tcp 5432 from clients-of-the-database
        9 database                   DELIVERED after 330.3 us
        reply                        acl default, acl default; tracked flows
        note                         AVAILABILITY_ZONE_CROSSED
        """
    )


def test_inside_a_subnet_no_acl_and_no_route_is_met(desk: Desk) -> None:
    desk.write("a.yaml", OPEN)
    said = desk.dcsim("trace", "a.yaml", "client", "10.0.1.5", "tcp", "443")
    assert said.status == 0
    assert said.out == answer(
        """
        1 client                     source is its own address
        2 sg clients-of-the-database all to 0.0.0.0/0
        3 mapping                    neighbour is on host a/r2/h1
        4 sg all-tcp                 tcp from 0.0.0.0/0
        5 neighbour                  DELIVERED after 20.23 us
        reply                        all to 0.0.0.0/0; tracked flow
        """
    )


def test_an_untracked_flows_reply_names_its_rules(desk: Desk) -> None:
    """All TCP from everywhere, everything to everywhere: AWS keeps no record of such flows."""
    desk.write("a.yaml", OPEN)
    said = desk.dcsim("trace", "a.yaml", "neighbour", "open", "tcp", "443")
    assert said.status == 0
    assert "\nreply          acl default, acl default; all to 0.0.0.0/0; tcp from 0.0.0.0/0\n" in said.out


NOBODY = [
    ("web-a 10.0.1.77 icmp", "arp front-a", "BLOCKED NO_POSSIBLE_DESTINATION"),
    ("web-a 10.0.1.3 icmp", "arp front-a", "BLOCKED NO_POSSIBLE_DESTINATION"),
    ("web-a 10.0.1.255 udp 1", "vpc shop", "BLOCKED broadcast and multicast are not supported"),
    ("web-a 255.255.255.255 udp 1", "vpc shop", "BLOCKED broadcast and multicast are not supported"),
    ("web-a 224.0.0.251 udp 5353", "vpc shop", "BLOCKED broadcast and multicast are not supported"),
    ("web-a 10.0.1.1 icmp", "service link-local", "UNKNOWN UNSUPPORTED_COMPONENT"),
    ("web-a 169.254.169.253 tcp 53", "service link-local", "UNKNOWN UNSUPPORTED_COMPONENT"),
    ("web-a 169.254.169.254 tcp 80", "service link-local", "UNKNOWN UNSUPPORTED_COMPONENT"),
    ("db-a 127.0.0.1 tcp 80", "rt main", "BLOCKED NO_ROUTE_TO_DESTINATION"),
    ("db-a 0.0.0.0 tcp 80", "rt main", "BLOCKED NO_ROUTE_TO_DESTINATION"),
]


@pytest.mark.parametrize(("asked", "label", "verdict"), NOBODY, ids=[asked for asked, *_ in NOBODY])
def test_where_nobody_is(desk: Desk, asked: str, label: str, verdict: str) -> None:
    desk.write("a.yaml", SHOP)
    said = desk.dcsim("trace", "a.yaml", *asked.split())
    assert (said.status, said.err) == (1, "")
    rows = [line for line in said.out.splitlines() if f" {label} " in line and line[0].isdigit()]
    assert [row.partition(label)[2].strip() for row in rows] == [verdict]
    assert not any(line.startswith("reply") for line in said.out.splitlines()), "nobody is there to reply"


HEADER = {
    "protocol": "6",
    "sourceAddresses": ["10.0.1.4"],
    "destinationAddresses": ["10.0.12.4"],
    "sourcePortRanges": [{"from": 49152, "to": 49152}],
    "destinationPortRanges": [{"from": 5432, "to": 5432}],
}


def test_a_trace_for_programs(desk: Desk) -> None:
    desk.write("a.yaml", SHOP)
    said = desk.dcsim("trace", "a.yaml", "web-a", "db-b", "tcp", "5432", "--json")
    document = said.json
    assert said.status == 1
    assert list(document) == [
        "source",
        "destination",
        "networkPathFound",
        "pathMtu",
        "pathMtuComponent",
        "latency_ns",
        "forwardPathComponents",
        "returnPathComponents",
        "explanations",
        "additionalDetails",
    ]
    assert (document["source"], document["destination"], document["networkPathFound"]) == ("web-a", "db-b", False)
    assert document["explanations"] == [
        "ENI_SG_RULES_MISMATCH",
        "SUBNET_ACL_RESTRICTION",
        "SUBNET_ACL_RESTRICTION",
        "ENI_SG_RULES_MISMATCH",
        "SUBNET_ACL_RESTRICTION",
        "SUBNET_ACL_RESTRICTION",
    ]
    assert document["additionalDetails"] == ["AVAILABILITY_ZONE_CROSSED"]
    assert document["forwardPathComponents"][1] == {
        "sequenceNumber": 2,
        "component": "sg web",
        "kind": "sg",
        "rule": "allows only: tcp 8080 to 0.0.0.0/0, tcp 5433 to db",
        "written": "a.yaml:26",
        "outcome": "security group",
        "explanationCode": "ENI_SG_RULES_MISMATCH",
        "advice": "tcp 5432 to db",
        "vpc": "shop",
        "subnet": "front-a",
        "inboundHeader": HEADER,
        "outboundHeader": HEADER,
    }


def test_an_allowed_trace_for_programs(desk: Desk) -> None:
    document = desk.dcsim("trace", "two-az.yaml", "left", "right", "icmp", "--json").json
    assert document["networkPathFound"] is True
    assert document["explanations"] == []
    assert [each["component"] for each in document["returnPathComponents"]][:3] == [
        "right",
        "sg friends",
        "acl default",
    ]
    nobody = desk.dcsim("trace", "two-az.yaml", "left", "8.8.8.8", "icmp", "--json").json
    assert (nobody["destination"], nobody["returnPathComponents"]) == ("8.8.8.8", None)


FULL = (
    HEAD
    + """\
vpcs:
  m:
    cidr_block: 10.0.0.0/16
    subnets: {net: {per_zone: true, cidr_block: 10.0.1.0/24, network_acl: tight}}
    network_acls:
      tight:
        ingress: [1 deny tcp 22 from 0.0.0.0/0, 32766 allow udp from 0.0.0.0/0]
        egress: [100 allow all to 0.0.0.0/0]
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances: {left: {subnet: net-a, security_groups: open}, right: {subnet: net-b, security_groups: open}}
"""
)


def test_advice_where_there_is_no_room(desk: Desk) -> None:
    """Nothing comes before entry 1, and nothing after 32766."""
    desk.write("a.yaml", FULL)
    out = desk.dcsim("trace", "a.yaml", "left", "right", "tcp", "22").out
    assert "a.yaml:10 acl tight (forward): 1 deny tcp 22 from 0.0.0.0/0\n" in out
    assert "would take: before 1: allow tcp 22 from 10.0.1.4/32\n" in out
    assert "would take: 32765 allow tcp 1024-65535 from 10.0.2.4/32\n" in out


BOX = (
    HEAD
    + """\
vpcs:
  m:
    cidr_block: 10.0.0.0/16
    subnets: {net: {per_zone: true, cidr_block: 10.0.1.0/24, route_table: out}}
    route_tables: {out: {routes: {0.0.0.0/0: box}}}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances:
      left: {subnet: net-a, security_groups: open}
      box: {subnet: net-b, security_groups: open, source_dest_check: false}
"""
)


def test_a_middlebox_is_not_the_destination(desk: Desk) -> None:
    """What it does with the packet, nobody knows: the last row says so, as the status does."""
    desk.write("a.yaml", BOX)
    said = desk.dcsim("trace", "a.yaml", "left", "8.8.8.8", "icmp")
    assert (said.status, said.err) == (1, "")
    assert "DELIVERED" not in said.out
    assert said.out.endswith(
        answer(
            """
            8 sg open      all from 0.0.0.0/0
            9 box          HANDED to box, which is not 8.8.8.8
            note           AVAILABILITY_ZONE_CROSSED
            note           what box does with it is its program's affair; trace from box to follow what it sends
            """
        )
    )


def test_a_middlebox_for_programs(desk: Desk) -> None:
    desk.write("a.yaml", BOX)
    document = desk.dcsim("trace", "a.yaml", "left", "8.8.8.8", "icmp", "--json").json
    assert (document["destination"], document["networkPathFound"], document["latency_ns"]) == ("8.8.8.8", False, None)
    last = document["forwardPathComponents"][-1]
    assert (last["component"], last["explanationCode"]) == ("box", "HANDED_TO_MIDDLEBOX")
    assert document["explanations"] == ["HANDED_TO_MIDDLEBOX"]
    assert document["returnPathComponents"] is None


def test_what_is_blocked_takes_no_time(desk: Desk) -> None:
    document = desk.dcsim("trace", "two-az.yaml", "left", "right", "tcp", "22", "--json").json
    assert document["latency_ns"] is None
    assert desk.dcsim("trace", "two-az.yaml", "left", "right", "icmp", "--json").json["latency_ns"] > 500_000


def test_traffic_in_capitals(desk: Desk) -> None:
    small, large = (desk.dcsim("trace", "two-az.yaml", "left", "right", *words) for words in (["icmp"], ["ICMP"]))
    assert (large.status, large.out) == (0, small.out)
    assert desk.dcsim("trace", "two-az.yaml", "left", "right", "TCP 22").status == 1


@pytest.mark.parametrize("asked", ["10.0.0.2 udp 53", "169.254.169.253 udp 53", "169.254.169.123 udp 123"])
def test_the_host_answers_for_names_and_time(desk: Desk, asked: str) -> None:
    desk.write("a.yaml", SHOP)
    said = desk.dcsim("trace", "a.yaml", "web-a", *asked.split())
    assert (said.status, said.err) == (0, "")
    name = "time" if asked.endswith("123") else "resolver"
    assert said.out.split()[-14:] == [
        "2",
        "service",
        name,
        *["ANSWERED", "by", "the", "host;", "no", "group,", "ACL", "or", "route", "is", "asked"],
    ]
