"""What `check` says of a file that the control plane or the plant cannot make: exactly this, exactly there."""

import struct

import pytest

from .desk import HEAD, VPC, Desk, answer

INSTANCES = VPC + "    instances:\n"
OTHER = HEAD + "vpcs:\n  m:\n    cidr_block: 10.0.0.0/16\n"

NETWORKS = [
    (
        OTHER
        + """\
    subnets:
      net: {per_zone: true, cidr_block: 10.0.1.0/24}
      db: {availability_zone: a, cidr_block: 10.0.1.0/25}
""",
        """
        a.yaml:9:7: InvalidSubnet.Conflict: db 10.0.1.0/25 overlaps net-a 10.0.1.0/24 (line 8)
         9 |       db: {availability_zone: a, cidr_block: 10.0.1.0/25}
           |       ^^
        1 error
        """,
    ),
    (
        HEAD + "vpcs:\n  big: {cidr_block: 10.0.0.0/8}\n  small: {cidr_block: 10.0.0.0/29}\n",
        """
        a.yaml:5:21: InvalidVpcRange: big cannot be 10.0.0.0/8
         5 |   big: {cidr_block: 10.0.0.0/8}
           |                     ^^^^^^^^^^
            a VPC's block is /16 to /28
        a.yaml:6:23: InvalidVpcRange: small cannot be 10.0.0.0/29
         6 |   small: {cidr_block: 10.0.0.0/29}
           |                       ^^^^^^^^^^^
            a VPC's block is /16 to /28
        2 errors
        """,
    ),
    (
        HEAD + "vpcs: {m: {cidr_block: 169.254.0.0/16}}\n",
        """
        a.yaml:4:24: InvalidVpcRange: 169.254.0.0/16 is link-local
         4 | vpcs: {m: {cidr_block: 169.254.0.0/16}}
           |                        ^^^^^^^^^^^^^^
            use a private block, like 10.0.0.0/16
        1 error
        """,
    ),
    (
        OTHER
        + """\
    subnets:
      tiny: {availability_zone: a, cidr_block: 10.0.1.0/29}
      away: {per_zone: {b: {cidr_block: 11.0.1.0/24}}}
      here: {availability_zone: b, cidr_block: 10.0.1.64/26}
""",
        """
        a.yaml:8:48: InvalidSubnet.Range: tiny cannot be 10.0.1.0/29
         8 |       tiny: {availability_zone: a, cidr_block: 10.0.1.0/29}
           |                                                ^^^^^^^^^^^
            a subnet's block is /16 to /28
        a.yaml:9:41: InvalidSubnet.Range: away-b 11.0.1.0/24 is outside m's 10.0.0.0/16
         9 |       away: {per_zone: {b: {cidr_block: 11.0.1.0/24}}}
           |                                         ^^^^^^^^^^^
        2 errors
        """,
    ),
]


@pytest.mark.parametrize(("text", "expected"), NETWORKS)
def test_blocks(desk: Desk, text: str, expected: str) -> None:
    assert desk.refuses(text) == answer(expected)


def test_host_bits_are_cleared_without_a_word_as_in_ec2(desk: Desk) -> None:
    desk.write(
        "a.yaml",
        HEAD
        + """\
vpcs:
  m:
    cidr_block: 10.0.3.4/16
    subnets: {net: {availability_zone: a, cidr_block: 10.0.1.9/24}}
    security_groups: {g: {ingress: tcp 80 from 10.3.3.3/8}}
""",
    )
    assert desk.dcsim("check", "a.yaml").status == 0
    everything = desk.dcsim("inspect", "a.yaml", "--json").json
    assert everything["vpc m"]["cidr_block"] == "10.0.0.0/16"
    assert everything["subnet m/net"]["cidr_block"] == "10.0.1.0/24"
    assert desk.dcsim("inspect", "a.yaml", "g", "--json").json["group m/g"]["ingress"] == ["tcp 80 from 10.0.0.0/8"]


ROOM = [
    (
        OTHER
        + "    subnets: {n: {availability_zone: a, cidr_block: 10.0.1.0/28}}\n"
        + "    instances: {x: {subnet: n, count: 13}}\n",
        """
        a.yaml:8:17: InsufficientFreeAddressesInSubnet: n 10.0.1.0/28 has no free address for x-12
         8 |     instances: {x: {subnet: n, count: 13}}
           |                 ^
            use a larger block
        1 error
        """,
    ),
    (
        HEAD + "plant: {racks: 1, hosts: 1}\n" + INSTANCES + "      x: {subnet: net-a, count: 60}\n",
        """
        a.yaml:10:7: InsufficientInstanceCapacity: zone a has 1 host, which is full; x-49 needs 2 vCPU
         10 |       x: {subnet: net-a, count: 60}
            |       ^
            Raise plant.hosts
        1 error
        """,
    ),
    (
        HEAD + INSTANCES + "      x: {per_zone: true, subnet: net, count: 9, instance_type: c7i.24xlarge}\n",
        """
        a.yaml:9:7: InsufficientInstanceCapacity: zone a has 8 hosts, all full; x-a-9 needs 96 vCPU
         9 |       x: {per_zone: true, subnet: net, count: 9, instance_type: c7i.24xl ...
           |       ^
            Raise plant.hosts
        1 error
        """,
    ),
    (
        HEAD + INSTANCES + "      x: {subnet: net-a, instance_type: m5.48xlarge}\n",
        """
        a.yaml:9:41: InvalidParameterValue: m5.48xlarge needs 192 vCPU; a host has 96
         9 |       x: {subnet: net-a, instance_type: m5.48xlarge}
           |                                         ^^^^^^^^^^^
            choose a smaller type
        1 error
        """,
    ),
]


@pytest.mark.parametrize(("text", "expected"), ROOM)
def test_room(desk: Desk, text: str, expected: str) -> None:
    assert desk.refuses(text) == answer(expected)


def test_addresses(desk: Desk) -> None:
    text = """\
      router: {subnet: net-a, private_ip_address: 10.0.1.1}
      mine: {subnet: net-a, private_ip_address: 10.0.1.9}
      too: {subnet: net-a, private_ip_address: 10.0.1.9}
      away: {subnet: net-a, private_ip_address: 10.0.2.9}
      last: {per_zone: {b: {private_ip_address: 10.0.2.255}}, subnet: net}
"""
    assert desk.refuses(HEAD + INSTANCES + text) == answer(
        """
        a.yaml:9:51: InvalidParameterValue: 10.0.1.1 is reserved in net-a 10.0.1.0/24
         9 |       router: {subnet: net-a, private_ip_address: 10.0.1.1}
           |                                                   ^^^^^^^^
            the first four addresses and the last are AWS's
        a.yaml:11:48: InvalidIPAddress.InUse: 10.0.1.9 is mine's
         11 |       too: {subnet: net-a, private_ip_address: 10.0.1.9}
            |                                                ^^^^^^^^
        a.yaml:12:49: InvalidParameterValue: 10.0.2.9 is outside net-a's 10.0.1.0/24
         12 |       away: {subnet: net-a, private_ip_address: 10.0.2.9}
            |                                                 ^^^^^^^^
        a.yaml:13:49: InvalidParameterValue: 10.0.2.255 is reserved in net-b 10.0.2.0/24
         13 |       last: {per_zone: {b: {private_ip_address: 10.0.2.255}}, subnet: ne ...
            |                                                 ^^^^^^^^^^
            the first four addresses and the last are AWS's
        4 errors
        """
    )


RULES = [
    (
        "    network_acls: {e: {ingress: [100 allow all from 0.0.0.0/0, 100 deny icmp from 0.0.0.0/0]}}\n",
        """
        a.yaml:8:64: NetworkAclEntryAlreadyExists: e has an entry 100 already
         8 |  ... ess: [100 allow all from 0.0.0.0/0, 100 deny icmp from 0.0.0.0/0]}}
           |                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        1 error
        """,
    ),
    (
        "    security_groups: {e: {egress: [udp from 10.0.0.0/8]}}\n",
        """
        a.yaml:8:40: an egress rule says to, not from
         8 |     security_groups: {e: {egress: [udp from 10.0.0.0/8]}}
           |                                        ^^^^
        1 error
        """,
    ),
    (
        "    security_groups: {e: {ingress: [tcp 80 from 10.0.0.0/8, tcp 80-80 from 10.1.1.1/8]}}\n",
        """
        a.yaml:8:61: InvalidPermission.Duplicate: e has the rule 'tcp 80-80 from 10.0.0.0/8' already
         8 |  ... {e: {ingress: [tcp 80 from 10.0.0.0/8, tcp 80-80 from 10.1.1.1/8]}}
           |                                             ^^^^^^^^^^^^^^^^^^^^^^^^^
        1 error
        """,
    ),
    (
        "    security_groups: [g1, g2, g3, g4, g5, g6]\n"
        "    instances: {x: {subnet: net-a, security_groups: [g1, g2, g3, g4, g5, g6]}}\n",
        """
        a.yaml:9:53: SecurityGroupsPerInterfaceLimitExceeded: x has 6 security groups
         9 |  ... es: {x: {subnet: net-a, security_groups: [g1, g2, g3, g4, g5, g6]}}
           |                                               ^^^^^^^^^^^^^^^^^^^^^^^^
            5 at most; raise security_groups_per_network_interface in quotas
        1 error
        """,
    ),
    (
        "    security_groups: {sg-web: {}, web: {ingress: tcp 80 from sg-web}}\n"
        "    instances: {x: {subnet: net-a, security_groups: sg-web}}\n",
        """
        a.yaml:8:23: InvalidParameterValue: a group's name cannot begin with sg-
         8 |     security_groups: {sg-web: {}, web: {ingress: tcp 80 from sg-web}}
           |                       ^^^^^^
            use another name
        1 error
        """,
    ),
    (
        "    security_groups: [default]\n",
        """
        a.yaml:8:23: the security group default is there already
         8 |     security_groups: [default]
           |                       ^^^^^^^
            EC2 makes it with m. Choose another name
        1 error
        """,
    ),
]


@pytest.mark.parametrize(("text", "expected"), RULES)
def test_rules(desk: Desk, text: str, expected: str) -> None:
    assert desk.refuses(HEAD + VPC + text) == answer(expected)


def test_routes(desk: Desk) -> None:
    text = """\
    route_tables:
      out:
        routes:
          10.0.0.0/16: x
          10.0.1.0/25: x
          10.0.2.0/24: x
          169.254.169.254/32: x
          10.9.0.0/16: x
          10.9.1.1/16: x
          0.0.0.0/0: y
    instances: {x: {subnet: net-a}}
"""
    assert desk.refuses(HEAD + VPC + text.replace("0.0.0.0/0: y", "0.0.0.0/0: x")) == answer(
        """
        a.yaml:12:11: InvalidParameterValue: 10.0.1.0/25 is more specific than local, and no whole subnet
         12 |           10.0.1.0/25: x
            |           ^^^^^^^^^^^
            name one whole subnet's block
        a.yaml:14:11: InvalidParameterValue: 169.254.169.254/32 is reserved for link-local services
         14 |           169.254.169.254/32: x
            |           ^^^^^^^^^^^^^^^^^^
            the host answers it without any route
        a.yaml:16:11: RouteAlreadyExists: out has a route to 10.9.0.0/16 already
         16 |           10.9.1.1/16: x
            |           ^^^^^^^^^^^
        3 errors
        """
    )
    assert desk.refuses(HEAD + VPC + text) == answer(
        """
        a.yaml:17:22: no instance 'y'; m has x
         17 |           0.0.0.0/0: y
            |                      ^
        1 error
        """
    )


def _arm_program() -> bytes:
    """The beginning of an ELF file for AArch64."""
    return b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HH", 2, 183) + bytes(44)


def test_images(desk: Desk) -> None:
    (desk.path / "arm.elf").write_bytes(_arm_program())
    desk.write("letter.txt", "dear")
    (desk.path / "folder").mkdir()
    text = """\
      a: {subnet: net-a, count: 3, image: agnt}
      b: {subnet: net-a, image: ./none.elf}
      c: {subnet: net-a, image: letter.txt}
      d: {per_zone: {b: {image: arm.elf}}, subnet: net, image: agent}
      e: {subnet: net-a, image: folder/}
"""
    assert desk.refuses(HEAD + INSTANCES + text) == answer(
        """
        a.yaml:9:43: InvalidAMIID.NotFound: no image 'agnt'; shipped images are agent
         9 |       a: {subnet: net-a, count: 3, image: agnt}
           |                                           ^^^^
        a.yaml:10:33: InvalidAMIID.NotFound: no file ./none.elf; give an ELF file; shipped images are agent
         10 |       b: {subnet: net-a, image: ./none.elf}
            |                                 ^^^^^^^^^^
        a.yaml:11:33: InvalidAMIID.NotFound: letter.txt is not an ELF file
         11 |       c: {subnet: net-a, image: letter.txt}
            |                                 ^^^^^^^^^^
        a.yaml:12:33: InvalidAMIID.NotFound: arm.elf is for aarch64; this host runs x86-64 guests
         12 |       d: {per_zone: {b: {image: arm.elf}}, subnet: net, image: agent}
            |                                 ^^^^^^^
        a.yaml:13:33: InvalidAMIID.NotFound: no file folder/; give an ELF file; shipped images are agent
         13 |       e: {subnet: net-a, image: folder/}
            |                                 ^^^^^^^
        5 errors
        """
    )


def test_an_image_lies_beside_the_file_that_names_it(desk: Desk) -> None:
    (desk.path / "there").mkdir()
    desk.write("there/a.yaml", HEAD + INSTANCES + "      a: {subnet: net-a, image: mine.elf}\n")
    desk.write("there/mine.elf", "not yet")
    assert "mine.elf is not an ELF file" in desk.dcsim("check", "there/a.yaml").err
    desk.write("mine.elf", "not yet")
    (desk.path / "there/mine.elf").unlink()
    assert "no file mine.elf" in desk.dcsim("check", "there/a.yaml").err


def test_links_that_are_not_there(desk: Desk) -> None:
    text = """\
links:
  spine-a1 -> core-b: {loss: 1 %}
  spine-a9 <-> core-a: {}
  a/r9/h1 <-> a/r1: {}
  foo-bar <-> a: {}
  a <-> b: {}
vpcs: {m: {cidr_block: 10.0.0.0/8}}
"""
    assert desk.refuses(HEAD + text) == answer(
        """
        a.yaml:5:3: no wire runs between spine-a1 and core-b
         5 |   spine-a1 -> core-b: {loss: 1 %}
           |   ^^^^^^^^^^^^^^^^^^
            spine-a1 is wired to its datacenter's racks and core-a
        a.yaml:6:3: there is no spine-a9; zone a has spine-a1 to spine-a2
         6 |   spine-a9 <-> core-a: {}
           |   ^^^^^^^^^^^^^^^^^^^
        a.yaml:7:3: zone a has no rack 9; it has a/r1 to a/r2
         7 |   a/r9/h1 <-> a/r1: {}
           |   ^^^^^^^^^^^^^^^^
        a.yaml:8:3: no place is called 'foo-bar'; the zones are a, b
         8 |   foo-bar <-> a: {}
           |   ^^^^^^^^^^^^^
        a.yaml:10:24: InvalidVpcRange: m cannot be 10.0.0.0/8
         10 | vpcs: {m: {cidr_block: 10.0.0.0/8}}
            |                        ^^^^^^^^^^
            a VPC's block is /16 to /28
        5 errors
        """
    )


def test_places_that_are_not_there(desk: Desk) -> None:
    text = """\
version: 1
topology: two-az.yaml
duration: 3 min
timeline:
  t1: {at: 1 s, action: power-off, target: rack b/r7}
  t2: {at: 1 s, action: link-down, target: a/r1/h1 <-> spine-a1}
  t3: {at: 1 s, action: impair, target: spine-a9 -> a, loss: 3 %}
  t4: {at: 1 s, action: power-off, target: host b/r1/h9}
  t5: {at: 1 s, action: power-off, target: zone z}
  t6: {at: 1 s, action: impair, target: a -> z, loss: 3 %}
  t7: {at: 1 s, action: power-off, target: host of nobody}
  t8: {at: 1 s, action: power-off, target: power domain a/d1}
"""
    assert desk.refuses(text, "s.yaml") == answer(
        """
        s.yaml:5:44: zone b has no rack 7; it has b/r1 to b/r2
         5 |   t1: {at: 1 s, action: power-off, target: rack b/r7}
           |                                            ^^^^^^^^^
        s.yaml:6:44: no wire runs between a/r1/h1 and spine-a1
         6 |   t2: {at: 1 s, action: link-down, target: a/r1/h1 <-> spine-a1}
           |                                            ^^^^^^^^^^^^^^^^^^^^
            a/r1/h1 is wired to a/r1/tor
        s.yaml:7:41: there is no spine-a9; zone a has spine-a1 to spine-a2
         7 |   t3: {at: 1 s, action: impair, target: spine-a9 -> a, loss: 3 %}
           |                                         ^^^^^^^^^^^^^
        s.yaml:8:44: b/r1 has no host 9; it has b/r1/h1 to b/r1/h4
         8 |   t4: {at: 1 s, action: power-off, target: host b/r1/h9}
           |                                            ^^^^^^^^^^^^
        s.yaml:9:44: no zone 'z'; there are a, b
         9 |   t5: {at: 1 s, action: power-off, target: zone z}
           |                                            ^^^^^^
        s.yaml:10:41: no zone 'z'; there are a, b
         10 |   t6: {at: 1 s, action: impair, target: a -> z, loss: 3 %}
            |                                         ^^^^^^
        s.yaml:11:44: no instance 'nobody'; two-az has left, right
         11 |   t7: {at: 1 s, action: power-off, target: host of nobody}
            |                                            ^^^^^^^^^^^^^^
        s.yaml:12:44: a/d1 is a datacenter, not a power domain; write a/d1
         12 |   t8: {at: 1 s, action: power-off, target: power domain a/d1}
            |                                            ^^^^^^^^^^^^^^^^^
        8 errors
        """
    )


def test_probes_that_no_guest_can_ask(desk: Desk) -> None:
    probes = "".join(f"  p{number}: {{ping: right, from: left}}\n" for number in range(18))
    text = "version: 1\ntopology: two-az.yaml\nduration: 3 min\nprobes:\n" + probes
    text += "  q: {ping: left, from: right, every: 0.5 ms}\n"
    assert desk.refuses(text, "s.yaml") == answer(
        """
        s.yaml:21:28: left asks for more than 16 probes. Let another guest ask
         21 |   p16: {ping: right, from: left}
            |                            ^^^^
        s.yaml:23:39: timeout 1 s is 2000 times 500 us
         23 |   q: {ping: left, from: right, every: 0.5 ms}
            |                                       ^^^^^^
            it may be 1023 times every at most
        2 errors
        """
    )


def test_all_problems_in_file_order_and_no_consequences(desk: Desk) -> None:
    """The subnet is refused: that its instance finds none, and the route no instance, is nobody's fault."""
    text = """\
    route_tables: {main2: {routes: {10.8.0.0/16: lost, 169.254.168.0/22: found}}}
    instances:
      found: {subnet: net-a, private_ip_address: 10.0.1.2}
      lost: {subnet: small}
      odd: {subnet: net-b, image: nothing}
    subnets:
      net: {per_zone: true, cidr_block: 10.0.1.0/24}
      small: {availability_zone: a, cidr_block: 10.0.9.0/30}
    security_groups: {g: {ingress: [icmp from g, icmp from g]}}
  other: {cidr_block: 10.1.0.0/30, subnets: {x: {availability_zone: a, cidr_block: 10.1.0.0/30}}}
"""
    said = desk.refuses(OTHER + text)
    assert [line for line in said.splitlines() if line.startswith("a.yaml")] == [
        "a.yaml:9:50: InvalidParameterValue: 10.0.1.2 is reserved in net-a 10.0.1.0/24",
        "a.yaml:11:35: InvalidAMIID.NotFound: no image 'nothing'; shipped images are agent",
        "a.yaml:14:49: InvalidSubnet.Range: small cannot be 10.0.9.0/30",
        "a.yaml:15:50: InvalidPermission.Duplicate: g has the rule 'icmp from g' already",
        "a.yaml:16:23: InvalidVpcRange: other cannot be 10.1.0.0/30",
    ]
    assert said.endswith("\n5 errors\n")


@pytest.mark.parametrize("command", [["check"], ["run"], ["inspect"], ["trace", "x", "y", "icmp"], ["ping", "x", "y"]])
def test_every_command_refuses_alike(desk: Desk, command: list[str]) -> None:
    desk.write("a.yaml", HEAD + VPC + "    subnet: {}\n")
    desk.write("s.yaml", "version: 1\ntopology: a.yaml\nduration: 1 s\n")
    name, *arguments = command
    said = desk.dcsim(name, "s.yaml", *arguments)
    assert (said.status, said.out) == (2, "")
    assert said.err == answer(
        """
        a.yaml:8:5: vpc has no 'subnet'. Did you mean subnets?
         8 |     subnet: {}
           |     ^^^^^^
        1 error
        """
    )
