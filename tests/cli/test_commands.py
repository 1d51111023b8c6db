"""Each command on files that are right: what it says, its JSON, its exit status."""

import json

import pytest

from dcsim import __version__

from .desk import HEAD, VPC, Desk, answer

RICH = (
    HEAD
    + """\
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    subnets: {net: {per_zone: true, cidr_block: 10.0.1.0/24, route_table: out, network_acl: edge}}
    route_tables: {out: {routes: {192.168.0.0/16: box-1}}}
    network_acls: {edge: {ingress: [100 allow all from 0.0.0.0/0, 90 deny tcp 22 from 0.0.0.0/0]}}
    security_groups: {web: {ingress: tcp 80 from 0.0.0.0/0}, shut: {egress: []}}
    instances:
      box: {count: 2, subnet: net-a, security_groups: [web, shut], source_dest_check: false}
      one: {subnet: net-b, image: agent, instance_type: m7i.xlarge}
"""
)


def test_check_counts_what_is_there(desk: Desk) -> None:
    assert desk.dcsim("check", "two-az.yaml").out == "two-az is right: 2 zones, 1 VPC, 2 subnets, 2 guests\n"
    scenario = desk.dcsim("check", "az-outage.yaml")
    assert scenario.out == ("az-outage is right: 1 probe, 3 expectations; 2 zones, 1 VPC, 2 subnets, 2 guests\n")
    assert (scenario.status, scenario.err) == (0, "")
    desk.write("nothing.yaml", "version: 1\nregion: r\nzones: a\n")
    assert desk.dcsim("check", "nothing.yaml").out == "nothing is right: 1 zone, 0 VPCs, 0 subnets, 0 guests\n"


def test_check_for_programs(desk: Desk) -> None:
    assert desk.dcsim("check", "--json", "two-az.yaml").json == []
    desk.write("a.yaml", HEAD + VPC + "    instances: {x: {subnet: net-a, private_ip_address: 10.0.1.3}}\n")
    said = desk.dcsim("check", "--json", "a.yaml")
    assert said.status == 2
    assert said.json == [
        {
            "file": "a.yaml",
            "line": 8,
            "column": 56,
            "code": "InvalidParameterValue",
            "message": "10.0.1.3 is reserved in net-a 10.0.1.0/24",
            "advice": "the first four addresses and the last are AWS's",
            "warning": False,
        }
    ]


def test_a_warning_is_no_error(desk: Desk) -> None:
    desk.write(
        "s.yaml",
        """\
        version: 1
        topology: two-az.yaml
        duration: 2 s
        timeline: {dark: {at: 1 s, duration: 1 min, action: power-off, target: zone b}}
        """,
    )
    said = desk.dcsim("check", "s.yaml")
    assert (said.status, said.err) == (0, "")
    assert said.out == answer(
        """
        s.yaml:4:38: dark ends at 61 s; the run ends at 2 s (warning)
         4 | timeline: {dark: {at: 1 s, duration: 1 min, action: power-off, target: z ...
           |                                      ^^^^^
        s is right: 0 probes, 0 expectations; 2 zones, 1 VPC, 2 subnets, 2 guests
        """
    )
    (warning,) = desk.dcsim("check", "s.yaml", "--json").json
    assert warning["warning"] is True
    assert "(warning)" in desk.dcsim("run", "s.yaml").err


def test_ping(desk: Desk) -> None:
    said = desk.dcsim("ping", "two-az.yaml", "left", "right", "-c", "2")
    assert (said.status, said.err) == (0, "")
    assert said.out == answer(
        """
        64 bytes from 10.0.2.4: seq=1 time=1.09 ms
        64 bytes from 10.0.2.4: seq=2 time=1.067 ms
        2 sent, 2 received, 0 % loss
        """
    )


def test_ping_in_vain(desk: Desk) -> None:
    said = desk.dcsim("ping", "two-az.yaml", "left", "10.0.1.77", "-c", "1", "-W", "20 ms")
    assert said.status == 1
    assert said.out == answer(
        """
        no answer from 10.0.1.77: seq=1
        1 sent, 0 received, 100 % loss
        why: nobody has that address at a/r1/h1; ask dcsim trace two-az.yaml left 10.0.1.77 icmp
        """
    )
    hasty = desk.dcsim("ping", "two-az.yaml", "left", "right", "-c", "1", "-W", "20 us").out
    assert "\nwhy: nothing was lost, no answer came in time; ask dcsim trace " in hasty


def test_ping_for_programs(desk: Desk) -> None:
    document = desk.dcsim("ping", "two-az.yaml", "left", "10.0.2.4", "-c", "2", "-i", "1 ms", "--json").json
    assert [document[key] for key in ("target", "sent", "received", "loss_ppb")] == ["10.0.2.4", 2, 2, 0]
    assert [list(answer) for answer in document["answers"]] == [["seq", "sent_ns", "rtt_ns"]] * 2
    first, second = document["answers"]
    assert abs(second["sent_ns"] - first["sent_ns"] - 1_000_000) < 10_000
    unanswered = desk.dcsim("ping", "two-az.yaml", "left", "10.0.2.5", "-c", "1", "--json")
    assert (unanswered.status, unanswered.json["answers"][0]["rtt_ns"]) == (1, None)
    assert unanswered.json["loss_ppb"] == 1_000_000_000
    assert unanswered.out.startswith('{\n  "target": ')


def test_the_same_seed_pings_the_same(desk: Desk) -> None:
    desk.write("a.yaml", HEAD + "links: {a <-> b: {jitter: 300 us}}\n" + VPC + _pair())
    pings = [desk.dcsim("ping", "a.yaml", "l", "r", "-c", "3", "--seed", seed).out for seed in ("1", "1", "2")]
    assert pings[0] == pings[1] != pings[2]


def _pair() -> str:
    return """\
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances: {l: {subnet: net-a, security_groups: open}, r: {subnet: net-b, security_groups: open}}
"""


INSPECTED = [
    (
        "shop",
        """
        vpc     shop 10.0.0.0/16, eu-west-1.compute.internal, Geneve network 4096
        subnets net-a, net-b
        tables  main, out
        acls    default, edge
        groups  default, web, shut
        guests  box-1, box-2, one
        from    a.yaml:5
        """,
    ),
    (
        "net-a",
        """
        subnet  net-a 10.0.1.0/24 in eu-west-1a, 249 addresses free
        routes  10.0.0.0/16 -> local, 192.168.0.0/16 -> box-1
        acl     edge
        guests  box-1, box-2
        from    a.yaml:7
        """,
    ),
    (
        "main",
        """
        table   main rtb-876fc1143e44e4bc4
        route   10.0.0.0/16 -> local
        subnets none
        from    EC2: every VPC has it
        """,
    ),
    (
        "edge",
        """
        acl     edge acl-3788f37ae5fba2548
        in      90 deny tcp 22 from 0.0.0.0/0
        in      100 allow all from 0.0.0.0/0
        in      * deny all
        out     * deny all
        subnets net-a, net-b
        from    a.yaml:9
        """,
    ),
    (
        "shop/shut",
        """
        group   shut sg-dec11b35471fee64c
        in      nothing
        out     nothing
        guests  box-1, box-2
        from    a.yaml:10
        """,
    ),
    (
        "box-2",
        """
        guest   box-2, m7i.large, no image: idles, answers pings
        address 10.0.1.5 in net-a, 0a:01:00:00:00:02
        groups  web, shut
        host    a/r2/h1
        from    a.yaml:12
        """,
    ),
    (
        "one",
        """
        guest   one, m7i.xlarge, agent
        address 10.0.2.4 in net-b, 0a:01:00:00:00:03
        groups  default
        host    b/r1/h1
        from    a.yaml:13
        """,
    ),
    (
        "a",
        """
        zone    a is eu-west-1a, 8 hosts
        inside  a/r1, a/r2, spine-a1, spine-a2, core-a
        guests  box-1, box-2
        links   core-a -> core-b, 100 Gbit, 500 us, up
        links   core-b -> core-a, 100 Gbit, 500 us, up
        from    plant
        """,
    ),
    (
        "a/r2/h1",
        """
        host    a/r2/h1
        guests  box-2
        links   a/r2/h1 -> a/r2/tor, 25 Gbit, 5 us, up
        links   a/r2/tor -> a/r2/h1, 25 Gbit, 5 us, up
        from    plant
        """,
    ),
    (
        "spine-b2",
        """
        spine   spine-b2
        links   spine-b2 -> core-b, 100 Gbit, 5 us, up
        links   core-b -> spine-b2, 100 Gbit, 5 us, up
        from    plant
        """,
    ),
]


@pytest.mark.parametrize(("name", "expected"), INSPECTED)
def test_inspect_one(desk: Desk, name: str, expected: str) -> None:
    desk.write("a.yaml", RICH)
    said = desk.dcsim("inspect", "a.yaml", name)
    assert (said.status, said.err) == (0, "")
    assert said.out == answer(expected)


def test_inspect_all(desk: Desk) -> None:
    desk.write("a.yaml", RICH)
    blocks = desk.dcsim("inspect", "a.yaml").out.split("\n\n")
    assert [block.split()[:2] for block in blocks] == [
        ["vpc", "shop"],
        ["subnet", "net-a"],
        ["subnet", "net-b"],
        ["table", "main"],
        ["table", "out"],
        ["acl", "default"],
        ["acl", "edge"],
        ["group", "default"],
        ["group", "web"],
        ["group", "shut"],
        ["guest", "box-1,"],
        ["guest", "box-2,"],
        ["guest", "one,"],
        ["zone", "a"],
        ["zone", "b"],
    ]
    assert all(block.splitlines()[-1].startswith("from    ") for block in blocks)


def test_no_such_place(desk: Desk) -> None:
    said = desk.dcsim("inspect", "two-az.yaml", "a/r9")
    assert (said.status, said.err) == (2, "dcsim: zone a has no rack 9; it has a/r1 to a/r2\n")


def test_a_name_may_mean_several_things(desk: Desk) -> None:
    desk.write("a.yaml", RICH)
    out = desk.dcsim("inspect", "a.yaml", "default").out
    assert [block.split()[0] for block in out.split("\n\n")] == ["acl", "group"]


def test_inspect_for_programs(desk: Desk) -> None:
    desk.write("a.yaml", RICH)
    everything = desk.dcsim("inspect", "a.yaml", "--json").json
    assert list(everything)[:2] == ["vpc shop", "subnet shop/net-a"]
    assert everything["subnet shop/net-a"]["guests"] == ["box-1", "box-2"]
    group = desk.dcsim("inspect", "a.yaml", "web", "--json").json["group shop/web"]
    assert group["ingress"] == ["tcp 80 from 0.0.0.0/0"]
    assert list(group) == ["name", "vpc", "id", "ingress", "egress", "guests", "from"]
    subnet = everything["subnet shop/net-a"]
    wanted = {"cidr_block": "10.0.1.0/24", "availability_zone": "eu-west-1a", "free_addresses": 249}
    assert wanted.items() <= subnet.items()
    assert everything["zone a"]["links"][0] == {
        "name": "core-a -> core-b", "rate_bps": 100_000_000_000, "delay_ns": 500_000, "up": True,
    }  # fmt: skip


def test_inspect_expanded_is_a_file_again(desk: Desk) -> None:
    desk.write("a.yaml", RICH)
    written = desk.dcsim("inspect", "a.yaml", "--expanded").out
    desk.write("b.yaml", written)
    assert desk.dcsim("inspect", "b.yaml", "--expanded").out == written
    before, after = (desk.dcsim("inspect", name, "--json").json for name in ("a.yaml", "b.yaml"))
    for each in (*before.values(), *after.values()):
        each.pop("from", None)
    assert before == after


def test_a_scenario_is_inspected_and_traced_by_its_topology(desk: Desk) -> None:
    assert desk.dcsim("inspect", "az-outage.yaml", "left").out.startswith("guest   left, m7i.large, agent\n")
    assert desk.dcsim("trace", "az-outage.yaml", "left", "right", "icmp").status == 0
    assert desk.dcsim("ping", "az-outage.yaml", "left", "right", "-c", "1").status == 0


def test_schema(desk: Desk) -> None:
    schema = desk.dcsim("schema").json
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.dumps(schema).count("availability_zone")


def test_version_and_help(desk: Desk) -> None:
    assert desk.dcsim("--version").out == f"dcsim {__version__}\n"
    said = desk.dcsim("--help")
    assert said.status == 0
    assert all(command in said.out for command in ("check", "run", "trace", "ping", "inspect", "schema"))
    # Without a command, the same list; but nothing was asked, so it is no answer.
    assert desk.dcsim().status == 2
