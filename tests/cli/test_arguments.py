"""What is said of a command line that cannot be used: one line, exit 2."""

import pytest

from .desk import HEAD, VPC, Desk

TWO_VPCS = (
    HEAD
    + """\
vpcs:
  m: {cidr_block: 10.0.0.0/16, subnets: {n: {per_zone: a, cidr_block: 10.0.0.0/24}}, instances: {x: {subnet: n}}}
  o: {cidr_block: 10.1.0.0/16, subnets: {n: {per_zone: a, cidr_block: 10.1.0.0/24}}, instances: {x: {subnet: n}}}
"""
)
MANY = HEAD + VPC + "    instances: {web: {count: 40, subnet: net-a}}\n"

LIKE_THIS = "is not an IPv4 address; write it like 10.0.0.4, or name a guest"
UNITS = "units are ns, us, ms, s, min, h, day"
WHOLE = "--expanded prints the whole file, as YAML; leave the rest out"
PING = ["ping", "two-az.yaml"]
TRACE = ["trace", "two-az.yaml"]

ARGUMENTS = [
    ([*PING, "lef", "right"], "no guest is called lef; there are left, right. Did you mean left?"),
    ([*PING, "left", "Right"], "no guest is called Right; there are left, right. Did you mean right?"),
    ([*TRACE, "left", "m/rihgt", "icmp"], "no guest is called m/rihgt; there are left, right. Did you mean right?"),
    ([*TRACE, "left", "zzzzzz", "icmp"], "no guest is called zzzzzz; there are left, right"),
    ([*TRACE, "left", "", "icmp"], "no guest is called ; there are left, right"),
    (
        ["trace", "many.yaml", "web-1", "db", "icmp"],
        "no guest is called db; there are web-1, web-2, web-3, web-4, web-5, web-6, web-7, web-8, web-9, web-10, "
        "web-11, web-12 and 28 more",
    ),
    (["trace", "two.yaml", "x", "o/x", "icmp"], "several guests are called x; write m/x or o/x"),
    ([*TRACE, "left", "10.0.0.300", "icmp"], f"'10.0.0.300' {LIKE_THIS}"),
    ([*TRACE, "left", "10.0.4", "icmp"], f"'10.0.4' {LIKE_THIS}"),
    ([*TRACE, "left", "::1", "icmp"], "left has no IPv6 address; it cannot speak to ::1"),
    ([*TRACE, "left", "::x", "icmp"], "'::x' is not an IPv6 address; write it like 2001:db8::4, or name a guest"),
    ([*TRACE, "left", "right", "tcp6", "22"], "left has no IPv6 address; ipv6_address_count: 1 would give it one, in a subnet with an IPv6 block"),
    ([*TRACE, "left", "10.0.0.0/24", "icmp"], f"'10.0.0.0/24' {LIKE_THIS}"),
    ([*TRACE, "left", "right", "tcp"], "tcp lacks a port; write tcp 443"),
    ([*TRACE, "left", "right", "tcp", "65536"], "'tcp 65536' is no traffic; write tcp 443, udp 53, icmp or proto 47"),
    ([*TRACE, "left", "right", "tcp", "http"], "'tcp http' is no traffic; write tcp 443, udp 53, icmp or proto 47"),
    ([*TRACE, "left", "right", "tcp/22"], "'tcp/22' is no traffic; write tcp 22"),
    ([*TRACE, "left", "right", "22/udp"], "'22/udp' is no traffic; write udp 22"),
    ([*TRACE, "left", "right", "22"], "'22' is no traffic; write tcp 22"),
    ([*TRACE, "left", "right", "22-25"], "'22-25' is several ports; a packet has one; write tcp 22"),
    ([*TRACE, "left", "right", "UDP", "53-99"], "'UDP 53-99' is several ports; a packet has one; write udp 53"),
    (
        [*TRACE, "left", "right", "icmp", "--source-port", "1"],
        "icmp has no --source-port; leave it out; tcp and udp have ports",
    ),
    ([*TRACE, "left", "left", "icmp"], "left would ask itself; name another guest"),
    ([*TRACE, "left", "10.0.1.4", "tcp", "22"], "left would ask itself; name another guest"),
    ([*PING, "left", "left"], "left would ask itself; name another guest"),
    ([*TRACE, "left", "right", "icmp", "8"], "'icmp 8' is no traffic; write tcp 443, udp 53, icmp or proto 47"),
    ([*TRACE, "left", "right", "proto", "6"], "'proto 6' is no traffic; write tcp 443, udp 53, icmp or proto 47"),
    ([*TRACE, "left", "right", "tcp", "²"], "'tcp ²' is no traffic; write tcp 443, udp 53, icmp or proto 47"),
    ([*PING, "left", "right", "-i", "5"], "--every 5 lacks a unit; write 5 ms"),
    ([*PING, "left", "right", "-i", "5 parsec"], f"--every 5 parsec has an unknown unit; {UNITS}"),
    ([*PING, "left", "right", "-W", "0 s"], "--timeout 0 s is no time at all; write 1 s"),
    ([*PING, "left", "right", "-W", "soon"], "--timeout 'soon' is no quantity; write it like 5 ms"),
    ([*PING, "left", "right", "-i", "1 us"], "--timeout 1 s is 1000000 times 1 us; it may be 1023 times every at most"),
    (["inspect", "two-az.yaml", "frends"], "nothing is called 'frends'. Did you mean friends?"),
    (
        ["inspect", "two-az.yaml", "zzz"],
        "nothing is called 'zzz'; there are default, friends, left, main, net-a, net-b, right",
    ),
    (["inspect", "two-az.yaml", "left", "--expanded"], WHOLE),
    (["inspect", "two-az.yaml", "--json", "--expanded"], WHOLE),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "what"), ARGUMENTS, ids=[" ".join(each[:6]) for each, _ in ARGUMENTS])
def test_arguments(desk: Desk, arguments: list[str], what: str) -> None:
    desk.write("two.yaml", TWO_VPCS)
    desk.write("many.yaml", MANY)
    said = desk.dcsim(*arguments)
    assert (said.status, said.out, said.err) == (2, "", f"dcsim: {what}\n")


USAGE = [
    (["frob"], "no command 'frob'; there are check, run, trace, explain, ping, inspect, reach, shell, schema, import"),
    (
        ["trac", "two-az.yaml"],
        "no command 'trac'; there are check, run, trace, explain, ping, inspect, reach, shell, schema, import. Did you mean trace?",
    ),
    (["check"], "check lacks FILE; see dcsim check --help"),
    (["check", "two-az.yaml", "too-much.yaml"], "'too-much.yaml' is too much for check; see dcsim check --help"),
    (["check", "--jsno", "two-az.yaml"], "check has no --jsno. Did you mean --json?"),
    (["--frob"], "dcsim has no --frob; see dcsim --help"),
    (
        ["run", "az-outage.yaml", "--seed", "many"],
        "--seed 'many' is not a whole number; it goes from 0 to 9223372036854775807",
    ),
    (["run", "az-outage.yaml", "--seed", "-1"], "--seed -1 is less than 0; it goes to 9223372036854775807"),
    (
        ["run", "az-outage.yaml", "--seed", str(2**63)],
        "--seed 9223372036854775808 is more than 9223372036854775807; it starts at 0",
    ),
    ([*PING, "left"], "ping lacks DESTINATION; see dcsim ping --help"),
    ([*PING, "left", "right", "-c", "0"], "--count 0 is less than 1; it goes to 100000"),
    ([*PING, "left", "right", "-s", "65488"], "--size 65488 is more than 65487; it starts at 0"),
    ([*TRACE, "left", "right"], "trace lacks TRAFFIC; see dcsim trace --help"),
    (
        [*TRACE, "left", "right", "tcp", "1", "--source-port", "65536"],
        "--source-port 65536 is more than 65535; it starts at 0",
    ),
]


@pytest.mark.parametrize(("arguments", "what"), USAGE, ids=[" ".join(each) for each, _ in USAGE])
def test_usage(desk: Desk, arguments: list[str], what: str) -> None:
    said = desk.dcsim(*arguments)
    assert (said.status, said.out, said.err) == (2, "", f"dcsim: {what}\n")
    assert desk.left() == []


COMMANDS = ["check", "run", "trace", "explain", "ping", "inspect", "reach", "shell", "schema"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_speaks_to_people(desk: Desk, command: str) -> None:
    said = desk.dcsim(command, "--help")
    assert (said.status, said.err) == (0, "")
    for noise in ("bool", "range", "no-", "[["):
        assert noise not in said.out.lower(), noise
    assert ("A scenario file" in said.out) == (command == "run")


def test_a_guest_is_found_by_its_vpc_too(desk: Desk) -> None:
    desk.write("two.yaml", TWO_VPCS)
    said = desk.dcsim("inspect", "two.yaml", "o/x")
    assert said.status == 0 and "10.1.0.4 in n" in said.out
    assert desk.dcsim("trace", "two.yaml", "m/x", "10.0.0.9", "icmp").status == 1
