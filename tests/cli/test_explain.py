"""`dcsim explain`: a packet of a run, by which rules it went, and how it ended."""

import json
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from observe.reader import Packet, read

from dcsim.observe.packets import packet_of
from dcsim.problem import Mistake

from .desk import HEAD, ROOT, SHORT, Desk

REFUSED = f"""{HEAD}
links:
  a <-> b: {{loss: 20 %}}
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets: {{net: {{per_zone: true, cidr_block: 10.0.1.0/24}}}}
    security_groups:
      open: {{ingress: icmp from 10.0.0.0/16}}
      shut: {{ingress: [icmp 3 from 10.0.0.0/16, tcp 22 from open]}}
    instances:
      left: {{subnet: net-a, security_groups: open, image: agent}}
      right: {{subnet: net-b, security_groups: shut, image: agent}}
      third: {{subnet: net-b, security_groups: open, image: agent}}
"""
MIXED = """\
version: 1
topology: region.yaml
duration: 3 s
capture: all
probes:
  refused: {ping: right, from: left, every: 200 ms, timeout: 100 ms}
  lossy: {ping: third, from: left, every: 200 ms, timeout: 100 ms}
"""
TRANSIT = """\
version: 1
topology: transit-gateway.yaml
duration: 1 s
capture: all
probes:
  through: {ping: data-b, from: shop-a, every: 300 ms, timeout: 200 ms}
"""
OUTSIDE = """\
version: 1
topology: public-private-nat.yaml
duration: 1 s
capture: all
probes:
  out: {ping: mirror, from: app-a, every: 300 ms, timeout: 200 ms}
"""


def played(desk: Desk, scenario: str, **files: str) -> list[Packet]:
    """What `run` captured; the run is in the directory `run`."""
    for name, text in files.items():
        desk.write(f"{name}.yaml", text)
    desk.write("s.yaml", scenario)
    assert desk.dcsim("run", "s.yaml", "--out", "run").status == 0
    return read((desk.path / "run" / "capture.pcapng").read_bytes()).packets


def is_icmp(packet: Packet) -> bool:
    return packet.data[12:14] == b"\x08\0" and packet.data[23] == 1


def number(packets: list[Packet], place: str, kind: int, which: int = 0) -> str:
    """Of the nth ICMP message of this kind that was seen at a vNIC."""
    found = [
        str(number)
        for number, packet in enumerate(packets, 1)
        if packet.place == place and is_icmp(packet) and packet.data[34] == kind
    ]
    return found[which]


def test_a_request_and_its_answer(desk: Desk) -> None:
    """The hops are those of `trace`; the answer rides on what the request opened."""
    packets = played(desk, SHORT)
    said = desk.dcsim("explain", "run", "--packet", number(packets, "left", 8))
    head, *hops, end = said.out.splitlines()
    assert (said.status, said.err) == (0, "")
    assert head.startswith("packet ") and "icmp type 8, 10.0.1.4 to 10.0.2.4, 98 bytes, at left after " in head
    assert hops == desk.dcsim("trace", "two-az.yaml", "left", "right", "icmp").out.splitlines()[:8]
    assert end.startswith("in the run     left sent it after ") and end.endswith("DELIVERED to right 530.4 us later")
    back = desk.dcsim("explain", "run", "--packet", number(packets, "right", 0))
    assert back.status == 0 and back.out.count("tracked flow") == 2
    assert "right sent it after" in back.out and "DELIVERED to left" in back.out


def test_where_it_was_seen_changes_nothing_but_that(desk: Desk) -> None:
    """At its sender's, on a link inside its tunnel, at its receiver's: the same packet."""
    packets = played(desk, SHORT.replace("seed: 7", "seed: 7\ncapture: links"))
    link = next(str(n) for n, packet in enumerate(packets, 1) if packet.place == "core-a -> core-b")
    seen = (number(packets, "left", 8), link, number(packets, "right", 8))
    told = [desk.dcsim("explain", "run", "--packet", each).out.splitlines() for each in seen]
    assert told[0][1:] == told[1][1:] == told[2][1:]
    assert "156 bytes, at core-a -> core-b" in told[1][0]


def test_what_a_group_refused(desk: Desk) -> None:
    """The capture's comment has the rule; explain has it with its place in the file that the run was made from."""
    packets = played(desk, MIXED, region=REFUSED)
    lost = next(n for n, packet in enumerate(packets, 1) if any("security group" in each for each in packet.comments))
    rule = "sg shut: allows only: icmp 3 from 10.0.0.0/16, tcp 22 from open"
    assert packets[lost - 1].comments == [f"dropped: security group at b/r1/h1; {rule}"]
    said = desk.dcsim("explain", "run", "--packet", str(lost))
    assert said.status == 1
    assert "BLOCKED ENI_SG_RULES_MISMATCH" in said.out
    assert f"later: security group ({rule})" in said.out
    assert "run/inputs/region.yaml:13 sg shut (forward): allows only:" in said.out
    assert said.out.endswith("would take: icmp from open\n")


def test_what_a_link_lost(desk: Desk) -> None:
    """No rule stopped it: the hops are all passed, and the run says where it ended."""
    packets = played(desk, MIXED, region=REFUSED)
    lost = number_of_comment(packets, "dropped: lost on the link at core-a -> core-b")
    said = desk.dcsim("explain", "run", "--packet", lost)
    assert said.status == 1
    assert "LOST at core-a -> core-b " in said.out and "later: lost on the link" in said.out


def number_of_comment(packets: list[Packet], comment: str) -> str:
    return next(str(n) for n, packet in enumerate(packets, 1) if comment in packet.comments)


def test_every_end_is_the_captures(desk: Desk) -> None:
    """Of lost packets and of others: what explain says of the end, what the capture says, and the hops agree."""
    packets = played(desk, MIXED, region=REFUSED)
    sent = [(n, each) for n, each in enumerate(packets, 1) if each.way == 2 and is_icmp(each)]
    lost = [(n, each) for n, each in enumerate(packets, 1) if each.comments]
    for place, packet in (sent[::4] + lost[::3])[:14]:
        told = desk.dcsim("explain", "run", "--packet", str(place), "--json").json
        ended = told["ended"]
        assert told["packet"] == place and told["bytes"] == len(packet.data)
        rule = f"; {ended['rule']}" if ended["rule"] else ""
        assert packet.comments in ([], [f"dropped: {ended['outcome']} at {ended['place']}{rule}"])
        blocked = [hop["outcome"] for hop in told["forwardPathComponents"] if hop["outcome"]]
        # What a link lost never came to the group that would have refused it.
        assert ended["outcome"] == "lost on the link" or blocked == ([ended["outcome"]] if rule else [])


def test_through_a_nat_gateway_it_is_still_the_same_packet(desk: Desk) -> None:
    """What left the gateway with its address was sent by the instance behind it."""
    packets = played(desk, OUTSIDE)
    outside = [n for n, each in enumerate(packets, 1) if each.place == "mirror" and each.data[34:35] == b"\x08"]
    assert packets[outside[0] - 1].data[26:28] == bytes([198, 18])
    said = desk.dcsim("explain", "run", "--packet", str(outside[0]))
    assert said.status == 0, said.err
    assert "app-a sent it after" in said.out and "DELIVERED to mirror" in said.out
    assert "nat-a" in said.out and "border" in said.out


def test_over_a_transit_gateway_and_through_a_firewall(desk: Desk) -> None:
    """Interfaces of gateways pass it on, and so does a guest that forwards."""
    packets = played(desk, TRANSIT)
    said = desk.dcsim("explain", "run", "--packet", number(packets, "shop-a", 8))
    assert "shop-a sent it after" in said.out and "tgw" in said.out
    assert said.status == 0 and "fw-b" in said.out and "DELIVERED to data-b" in said.out


def test_a_run_keeps_the_images_that_are_the_users_own(desk: Desk) -> None:
    """Wherever they lay, and whether or not they are there still."""
    (desk.path / "mine").mkdir()
    agent = (files("hypervisor.firmware") / "agent.elf").read_bytes()
    (desk.path / "mine" / "guest.elf").write_bytes(agent)
    own = (ROOT / "topologies" / "two-az.yaml").read_text().replace("image: agent", "image: mine/guest.elf", 1)
    packets = played(desk, SHORT.replace("two-az.yaml", "region.yaml"), region=own)
    (desk.path / "mine" / "guest.elf").unlink()
    assert sha256((desk.path / "run" / "inputs" / "guest.elf").read_bytes()).hexdigest() == sha256(agent).hexdigest()
    said = desk.dcsim("explain", "run", "--packet", number(packets, "left", 8))
    assert said.status == 0 and "DELIVERED to right" in said.out


def test_explaining_changes_nothing(desk: Desk) -> None:
    packets = played(desk, SHORT)
    before = {path: path.read_bytes() for path in desk.path.rglob("*") if path.is_file()}
    said = [desk.dcsim("explain", "run", "--packet", number(packets, "left", 8, 2), "--json") for _ in range(2)]
    assert said[0].out == said[1].out and said[0].json["same_dcsim"] is True
    assert {path: path.read_bytes() for path in desk.path.rglob("*") if path.is_file()} == before


# What cannot be explained


def test_what_no_rule_is_asked_about(desk: Desk) -> None:
    packets = played(desk, SHORT)
    kinds = {packet.data[12:14]: n for n, packet in reversed(list(enumerate(packets, 1))) if packet.place == "left"}
    dhcp = next(n for n, packet in enumerate(packets, 1) if packet.data[34:38] == b"\0\x44\0\x43")
    for asked, what in ((kinds[b"\x08\x06"], "ARP"), (dhcp, "DHCP")):
        said = desk.dcsim("explain", "run", "--packet", str(asked))
        wanted = f"dcsim: packet {asked} is {what}; the host answers that by itself; no rule is asked\n"
        assert (said.status, said.out, said.err) == (2, "", wanted)


def test_which_packet_and_which_run(desk: Desk) -> None:
    count = len(played(desk, SHORT))
    (desk.path / "empty").mkdir()
    wrong = {
        ("run", str(count + 1)): f"run/capture.pcapng has {count} packets; the first one is 1, as in Wireshark",
        ("run", "0"): "--packet 0 is less than 1; it goes to 1000000000",
        ("run", "one"): "--packet 'one' is not a whole number; it goes from 1 to 1000000000",
        ("empty", "1"): "empty is no run of dcsim; name the directory that dcsim run left",
        ("nowhere", "1"): "nowhere is no run of dcsim; name the directory that dcsim run left",
        ("s.yaml", "1"): "s.yaml is no run of dcsim; name the directory that dcsim run left",
    }
    for (run, packet), message in wrong.items():
        said = desk.dcsim("explain", run, "--packet", packet)
        assert (said.status, said.out, said.err) == (2, "", f"dcsim: {message}\n")
    assert desk.dcsim("explain", "run").status == 2


@pytest.mark.parametrize("name", ["inputs/two-az.yaml", "capture.pcapng"])
def test_a_run_that_somebody_changed_is_not_explained(desk: Desk, name: str) -> None:
    played(desk, SHORT)
    with (desk.path / "run" / name).open("ab") as file:
        file.write(b"\n")
    said = desk.dcsim("explain", "run", "--packet", "1")
    advice = "what happened in it cannot be played again; run it anew"
    assert (said.status, said.err) == (2, f"dcsim: run is not whole ({name} was changed); {advice}\n")


def test_a_run_of_another_dcsim(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is explained when the packet comes up just so, which is said; else it is not."""
    packets = played(desk, SHORT)
    monkeypatch.setattr("dcsim.replay.source_sha256", lambda: "0" * 64)
    said = desk.dcsim("explain", "run", "--packet", number(packets, "left", 8))
    note = "note           another dcsim made the run; played again with this one, it did the same with this packet"
    assert said.status == 0 and said.out.splitlines()[-1] == note
    rewrite(desk.path / "run", "inputs/two-az.yaml", b"image: agent", b"boot: 1 s")
    said = desk.dcsim("explain", "run", "--packet", number(packets, "left", 8))
    assert said.status == 2 and "and packet" in said.err and "does not come up in this one" in said.err


def rewrite(run: Path, name: str, old: bytes, new: bytes) -> None:
    """As a run would be that another version had played otherwise: whole, but not what this one makes of it."""
    data = (run / name).read_bytes()
    assert old in data
    sums = (
        (run / "sha256sums").read_text().replace(sha256(data).hexdigest(), sha256(data.replace(old, new)).hexdigest())
    )
    (run / name).write_bytes(data.replace(old, new))
    (run / "sha256sums").write_text(sums)


def test_a_manifest_of_another_format(desk: Desk) -> None:
    played(desk, SHORT)
    path = desk.path / "run" / "inputs" / "inputs.json"
    manifest = json.loads(path.read_bytes())
    rewrite(desk.path / "run", "inputs/inputs.json", path.read_bytes(), json.dumps({**manifest, "files": []}).encode())
    said = desk.dcsim("explain", "run", "--packet", "11")
    assert said.status == 2 and "inputs.json is another dcsim's; explain with the one that made it" in said.err


# The capture's reader, beside the tests' own


def test_the_reader_reads_what_the_other_one_reads(desk: Desk) -> None:
    packets = played(desk, MIXED, region=REFUSED)
    path = desk.path / "run" / "capture.pcapng"
    for place in (1, 2, len(packets) // 2, len(packets)):
        found, other = packet_of(path, place), packets[place - 1]
        assert (found.interface, found.unix_ns, found.data) == (other.place, other.unix_ns, other.data)
        assert [found.comment] == (other.comments or [""])


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    from observe.story import scenario, tell

    return tell(scenario()).capture[:4000]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_a_capture_holds_is_a_mistake_at_most(
    capture: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    broken = bytearray(capture)
    for place in data.draw(st.lists(st.integers(0, len(capture) - 1), max_size=6)):
        broken[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "broken.pcapng"
    path.write_bytes(broken[: data.draw(st.integers(0, len(broken)))])
    try:
        found = packet_of(path, data.draw(st.integers(1, 12)))
    except Mistake as mistake:
        assert "broken.pcapng" in str(mistake)
    else:
        assert len(found.data) <= len(broken)
