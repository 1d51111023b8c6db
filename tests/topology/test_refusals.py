"""What is said of bad files: exactly this, exactly there."""

import pytest

from .files import HEAD, answer, said, said_of

WRONG_KEYS_AND_VALUES = [
    (
        "vpcs: {main: {cidr_block: 10.0.0.0/16, subnets: {net: {cidr_blok: 10.0.1.0/24}}}}",
        """
        a.yaml:4:56: subnet has no 'cidr_blok'. Did you mean cidr_block?
         4 | vpcs: {main: {cidr_block: 10.0.0.0/16, subnets: {net: {cidr_blok: 10.0.1 ...
           |                                                        ^^^^^^^^^
        """,
    ),
    (
        "links: {a <-> b: {wobble: 3 ms}}",
        """
        a.yaml:4:19: link has no 'wobble'
         4 | links: {a <-> b: {wobble: 3 ms}}
           |                   ^^^^^^
            it has rate, delay, jitter, loss, corrupt, duplicate, reorder, limit
        """,
    ),
    (
        "links: {a <-> b: {delay: 5}}",
        """
        a.yaml:4:26: delay 5 lacks a unit; write 5 ms
         4 | links: {a <-> b: {delay: 5}}
           |                          ^
        """,
    ),
    (
        "links: {a <-> b: {delay: 5 MS, loss: 1 ms}}",
        """
        a.yaml:4:26: delay 5 MS has an unknown unit; write 5 ms
         4 | links: {a <-> b: {delay: 5 MS, loss: 1 ms}}
           |                          ^^^^
        a.yaml:4:38: loss 1 ms has an unknown unit; units are %
         4 | links: {a <-> b: {delay: 5 MS, loss: 1 ms}}
           |                                      ^^^^
        """,
    ),
    (
        "plant: [racks, hosts]",
        """
        a.yaml:4:8: plant needs a map, not a list
         4 | plant: [racks, hosts]
           |        ^^^^^^^^^^^^^^
        """,
    ),
    (
        "plant: {racks: 0, hosts: many, nic: {rate: 1}, delay: }",
        """
        a.yaml:4:16: racks 0 is out of range; it goes from 1 to 10000
         4 | plant: {racks: 0, hosts: many, nic: {rate: 1}, delay: }
           |                ^
        a.yaml:4:26: hosts 'many' is not a whole number
         4 | plant: {racks: 0, hosts: many, nic: {rate: 1}, delay: }
           |                          ^^^^
        a.yaml:4:37: nic needs one value, not a map
         4 | plant: {racks: 0, hosts: many, nic: {rate: 1}, delay: }
           |                                     ^^^^^^^^^
        a.yaml:4:48: delay is empty
         4 | plant: {racks: 0, hosts: many, nic: {rate: 1}, delay: }
           |                                                ^^^^^
        """,
    ),
    (
        "start: 10:00",
        """
        a.yaml:4:8: start '10:00' is not a moment; write it like 2025-01-01T00:00:00Z
         4 | start: 10:00
           |        ^^^^^
        """,
    ),
    (
        "vpcs: {main: {cidr_block: 10.0.0.0/16, instances: {x: {source_dest_check: no}}}}",
        """
        a.yaml:4:75: source_dest_check 'no' is neither true nor false
         4 |  ... {cidr_block: 10.0.0.0/16, instances: {x: {source_dest_check: no}}}}
           |                                                                   ^^
        """,
    ),
    (
        "vpcs: {m: {cidr_block: 10.0.0.0/16, security_groups: {g: {ingress: [tcp 80 from x, '']}}}}",
        """
        a.yaml:4:84: the rule is empty; write it like tcp 443 from 10.0.0.0/16
         4 |  ... 10.0.0.0/16, security_groups: {g: {ingress: [tcp 80 from x, '']}}}}
           |                                                                  ^^
        """,
    ),
    (
        """\
        vpcs:
          m:
            cidr_block: 10.0.0.0/16
            security_groups: {g: {ingress: tcp 80-20 from 10.0.0.0/8, egress: }}
            network_acls:
              edge: {ingress: [100 allow tcp 80 from 0.0.0.0/0, 32767 deny all from 0.0.0.0/0]}
        """,
        """
        a.yaml:7:40: ports 80-20 run backwards; write 20-80
         7 |     security_groups: {g: {ingress: tcp 80-20 from 10.0.0.0/8, egress: }}
           |                                        ^^^^^
        a.yaml:7:63: egress is empty; leave it out, or write [] for none
         7 |     security_groups: {g: {ingress: tcp 80-20 from 10.0.0.0/8, egress: }}
           |                                                               ^^^^^^
        a.yaml:9:57: rule number 32767 is out of range; it goes from 1 to 32766
         9 |       edge: {ingress: [100 allow tcp 80 from 0.0.0.0/0, 32767 deny all f ...
           |                                                         ^^^^^
        """,
    ),
    (
        "vpcs: {m: {cidr_block: 10.0.0.0/33, subnets: {1st: {}, a.b: {}}}}",
        """
        a.yaml:4:24: cidr_block '10.0.0.0/33' is not an IPv4 block
         4 | vpcs: {m: {cidr_block: 10.0.0.0/33, subnets: {1st: {}, a.b: {}}}}
           |                        ^^^^^^^^^^^
            write it like 10.0.0.0/16
        a.yaml:4:47: '1st' is not a name
         4 | vpcs: {m: {cidr_block: 10.0.0.0/33, subnets: {1st: {}, a.b: {}}}}
           |                                               ^^^
            names are letters, digits, - and _, and start with a letter
        a.yaml:4:56: 'a.b' is not a name
         4 | vpcs: {m: {cidr_block: 10.0.0.0/33, subnets: {1st: {}, a.b: {}}}}
           |                                                        ^^^
            names are letters, digits, - and _, and start with a letter
        """,
    ),
]


@pytest.mark.parametrize(("text", "expected"), WRONG_KEYS_AND_VALUES)
def test_wrong_keys_and_values(text: str, expected: str) -> None:
    assert said_of(text) == answer(expected)


NAMES_AND_BLOCKS = [
    (
        """\
        vpcs:
          main:
            cidr_block: 10.0.0.0/16
            subnets:
              net: {per_zone: true, cidr_block: 10.0.254.0/24}
        """,
        """
        a.yaml:8:41: net-c would get 10.1.0.0/24, outside main's 10.0.0.0/16
         8 |       net: {per_zone: true, cidr_block: 10.0.254.0/24}
           |                                         ^^^^^^^^^^^^^
        """,
    ),
    (
        """\
        vpcs:
          main:
            cidr_block: 255.255.255.0/24
            subnets:
              top: {per_zone: true, cidr_block: 255.255.255.128/26}
              own: {per_zone: {a: {cidr_block: 255.255.255.0/28}, b: {}}}
        """,
        """
        a.yaml:8:41: there is no block for top-c, outside main's 255.255.255.0/24
         8 |       top: {per_zone: true, cidr_block: 255.255.255.128/26}
           |                                         ^^^^^^^^^^^^^^^^^^
        a.yaml:9:7: subnet own-b lacks cidr_block
         9 |       own: {per_zone: {a: {cidr_block: 255.255.255.0/28}, b: {}}}
           |       ^^^
        """,
    ),
    (
        """\
        vpcs:
          main:
            cidr_block: 10.0.0.0/16
            subnets: {net: {per_zone: [a, b], cidr_block: 10.0.1.0/24}}
            instances:
              web: {subnet: net}
              app: {per_zone: true, subnet: net}
              one: {per_zone: true, subnet: net-a}
              bare:
        """,
        """
        a.yaml:9:21: web needs one subnet; net is two (net-a, net-b)
         9 |       web: {subnet: net}
           |                     ^^^
            Name one, or add per_zone: true
        a.yaml:10:37: app-c needs net in zone c; net is in a, b
         10 |       app: {per_zone: true, subnet: net}
            |                                     ^^^
            Name one, or leave zone c out
        a.yaml:11:37: one-b belongs in zone b; net-a is in zone a
         11 |       one: {per_zone: true, subnet: net-a}
            |                                     ^^^^^
        a.yaml:12:7: instance bare lacks subnet; main has net-a, net-b
         12 |       bare:
            |       ^^^^
        """,
    ),
    (
        """\
        vpcs:
          shop:
            cidr_block: 10.0.0.0/16
            subnets: {net: {cidr_block: 10.0.0.0/24, availability_zone: d, route_table: pubic}}
            route_tables: {public: {routes: {0.0.0.0/0: nta, all: nat}}}
            security_groups:
              alb:
              app: {ingress: [tcp 8080 from alb, tcp 22 from bastoin, tcp 1 from dta/x]}
            instances: {nat: {subnet: net, security_groups: [ap, app, app]}}
        """,
        """
        a.yaml:7:65: no zone 'd'; there are a, b, c
         7 |  ... bnets: {net: {cidr_block: 10.0.0.0/24, availability_zone: d, route_ ...
           |                                                                ^
        a.yaml:7:81: no route table 'pubic'; shop has public. Did you mean public?
         7 |  ... cidr_block: 10.0.0.0/24, availability_zone: d, route_table: pubic}}
           |                                                                  ^^^^^
        a.yaml:8:49: no instance 'nta'; shop has nat. Did you mean nat?
         8 |     route_tables: {public: {routes: {0.0.0.0/0: nta, all: nat}}}
           |                                                 ^^^
        a.yaml:8:54: 'all' is not an IPv4 block; write it like 10.0.0.0/16
         8 |     route_tables: {public: {routes: {0.0.0.0/0: nta, all: nat}}}
           |                                                      ^^^
        a.yaml:11:54: no security group 'bastoin'; shop has alb, app
         11 |       app: {ingress: [tcp 8080 from alb, tcp 22 from bastoin, tcp 1 from ...
            |                                                      ^^^^^^^
        a.yaml:11:74: no vpc 'dta'; there is shop
         11 |  ... ngress: [tcp 8080 from alb, tcp 22 from bastoin, tcp 1 from dta/x]}
            |                                                                  ^^^^^
        a.yaml:12:54: no security group 'ap'; shop has alb, app. Did you mean app?
         12 |     instances: {nat: {subnet: net, security_groups: [ap, app, app]}}
            |                                                      ^^
        a.yaml:12:63: 'app' is here twice
         12 |     instances: {nat: {subnet: net, security_groups: [ap, app, app]}}
            |                                                               ^^^
        """,
    ),
    (
        """\
        links: {a <-> x: {}, a <- b: {}, b <-> b: {}, b -> c: {}}
        vpcs: {m: {cidr_block: 10.0.0.0/16, subnets: {none: {per_zone: []}, n: {per_zone: d}}}}
        """,
        """
        a.yaml:5:64: per_zone names no zone; leave it out for one
         5 |  ... {m: {cidr_block: 10.0.0.0/16, subnets: {none: {per_zone: []}, n: {p ...
           |                                                               ^^
        """,
    ),
    (
        """\
        links:
          a <-> b: {delay: 1 ms}
          a -> b: {delay: 2 ms}
          b <-> a: {delay: 3 ms}
        vpcs: {m: {cidr_block: 10.0.0.0/16, subnets: {net: {per_zone: false}}}}
        """,
        """
        a.yaml:8:63: per_zone is true, a list of zones, or a map of them
         8 | vpcs: {m: {cidr_block: 10.0.0.0/16, subnets: {net: {per_zone: false}}}}
           |                                                               ^^^^^
            leave it out for one
        """,
    ),
    (
        """\
        links:
          a <-> b: {delay: 1 ms}
          a -> b: {delay: 2 ms}
          b <-> a: {delay: 3 ms}
        """,
        """
        a.yaml:7:3: b <-> a is a <-> b, which is here already
         7 |   b <-> a: {delay: 3 ms}
           |   ^^^^^^^
        """,
    ),
    (
        """\
        vpcs:
          main:
            cidr_block: 10.0.0.0/16
            subnets:
              net: {per_zone: true, cidr_block: 10.0.0.0/24}
              odd: {per_zone: [a, d], cidr_block: 10.0.16.0/24, availability_zone: b}
              net-b: {availability_zone: b, cidr_block: 10.0.9.0/24}
              lost: {cidr_block: 10.0.32.0/24}
              whole: {availability_zone: a}
            route_tables: [main]
            network_acls: default
            security_groups: {default: {}}
            instances:
              web: {count: 2, subnet: net-a, private_ip_address: 10.0.0.9}
              own: {per_zone: {a: {private_ip_address: 10.0.0.10}}, subnet: net}
              no-groups: {subnet: net-a, security_groups: []}
          empty:
        """,
        """
        a.yaml:9:27: no zone 'd'; there are a, b, c
         9 |       odd: {per_zone: [a, d], cidr_block: 10.0.16.0/24, availability_zon ...
           |                           ^
        a.yaml:9:76: odd-a is in zone a already; leave availability_zone out
         9 |  ...  {per_zone: [a, d], cidr_block: 10.0.16.0/24, availability_zone: b}
           |                                                                       ^
        a.yaml:10:7: two subnets are called net-b; the first is at line 8
         10 |       net-b: {availability_zone: b, cidr_block: 10.0.9.0/24}
            |       ^^^^^
        a.yaml:11:7: subnet lost lacks availability_zone
         11 |       lost: {cidr_block: 10.0.32.0/24}
            |       ^^^^
            write availability_zone: a, or per_zone: true
        a.yaml:12:7: subnet whole lacks cidr_block
         12 |       whole: {availability_zone: a}
            |       ^^^^^
        a.yaml:13:20: the route table main is there already
         13 |     route_tables: [main]
            |                    ^^^^
            EC2 makes it with main. Choose another name
        a.yaml:14:19: the network ACL default is there already
         14 |     network_acls: default
            |                   ^^^^^^^
            EC2 makes it with main. Choose another name
        a.yaml:15:23: the security group default is there already
         15 |     security_groups: {default: {}}
            |                       ^^^^^^^
            EC2 makes it with main. Choose another name
        a.yaml:17:58: one private_ip_address for two instances
         17 |       web: {count: 2, subnet: net-a, private_ip_address: 10.0.0.9}
            |                                                          ^^^^^^^^
        a.yaml:19:51: no-groups needs a security group; leave it out for default
         19 |       no-groups: {subnet: net-a, security_groups: []}
            |                                                   ^^
        a.yaml:20:3: vpc empty lacks cidr_block; write it like cidr_block: 10.0.0.0/16
         20 |   empty:
            |   ^^^^^
        """,
    ),
]


@pytest.mark.parametrize(("text", "expected"), NAMES_AND_BLOCKS)
def test_names_and_blocks(text: str, expected: str) -> None:
    assert said_of(text) == answer(expected)


def test_what_every_topology_says() -> None:
    assert said(b"version: 2\nzones: [a, B, 1]\n") == answer(
        """
        a.yaml:1:1: topology lacks region
         1 | version: 2
           | ^
        a.yaml:1:10: version '2' is not known; write 1
         1 | version: 2
           |          ^
        a.yaml:2:12: 'B' is not a zone's name; zones are called a, b, c
         2 | zones: [a, B, 1]
           |            ^
        a.yaml:2:15: '1' is not a zone's name; zones are called a, b, c
         2 | zones: [a, B, 1]
           |               ^
        """
    )
    assert said(b"version: 1\nregion: r\nzones: [a, b, a]\n") == answer(
        """
        a.yaml:3:15: zone a is here twice
         3 | zones: [a, b, a]
           |               ^
        """
    )
    assert said(b"version: 1\nregion: r\nzones: []\n") == answer(
        """
        a.yaml:3:8: zones is empty; a region has at least one
         3 | zones: []
           |        ^^
        """
    )


LATER = {
    "vpc": (
        "vpcs: {{m: {{cidr_block: 10.0.0.0/16, {}: }}}}",
        ["launch_templates", "load_balancers", "target_groups", "auto_scaling_groups"]
        + ["vpc_endpoints", "db_instances", "tags", "id"],
    ),
    "topology": (
        "{}: {{}}",
        [
            "vpn_connections",
            "sites",
        ],
    ),
    "instance": (
        "vpcs: {{m: {{cidr_block: 10.0.0.0/16, instances: {{x: {{{}: true}}}}}}}}",
        ["program", "environment"],
    ),
}


@pytest.mark.parametrize(("noun", "key"), [(noun, key) for noun, (_, keys) in LATER.items() for key in keys])
def test_what_is_promised_is_no_typo(noun: str, key: str) -> None:
    said = said_of(LATER[noun][0].format(key))
    assert said.splitlines()[0].partition(": ")[2] == f"{noun}: {key} is not simulated yet"


def test_several_regions_are_not_a_region_that_is_missing() -> None:
    assert said(b"version: 1\nregions: {eu-west-1: {zones: [a]}}\n") == answer(
        """
        a.yaml:2:1: topology: regions is not simulated yet
         2 | regions: {eu-west-1: {zones: [a]}}
           | ^^^^^^^
        """
    )


def test_a_route_to_a_gateway_says_what_routes_lead_to() -> None:
    text = """\
        vpcs:
          m:
            cidr_block: 10.0.0.0/16
            subnets: {net: {cidr_block: 10.0.1.0/24, availability_zone: a}}
            route_tables: {p: {routes: {0.0.0.0/0: igw, 10.9.0.0/16: firewal}}}
            instances: {firewall: {subnet: net}}
        """
    assert said_of(text) == answer(
        """
        a.yaml:8:44: m has no internet gateway; write internet_gateway: igw in m
         8 |     route_tables: {p: {routes: {0.0.0.0/0: igw, 10.9.0.0/16: firewal}}}
           |                                            ^^^
        a.yaml:8:62: no instance 'firewal'; m has firewall. Did you mean firewall?
         8 |     route_tables: {p: {routes: {0.0.0.0/0: igw, 10.9.0.0/16: firewal}}}
           |                                                              ^^^^^^^
        """
    )


def test_too_many_instances_are_refused_before_they_are_made() -> None:
    text = """\
        vpcs:
          m:
            cidr_block: 10.0.0.0/8
            instances: {x: {per_zone: true, count: 100000}, y: {count: 100000}, z: }
        """
    assert said_of(text) == answer(
        """
        a.yaml:7:73: with z, there are more than 400,000 instances
         7 |  ... nces: {x: {per_zone: true, count: 100000}, y: {count: 100000}, z: }
           |                                                                     ^
        """
    )


def test_terminal_escapes_in_a_file_stay_in_the_file() -> None:
    assert "\x1b" not in said(HEAD.encode() + b'"\\e[2J": 3\n')
