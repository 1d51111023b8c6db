"""Flow logs of living worlds: what is told of whom, what AWS leaves out, and the files that are left."""

from collections import Counter
from gzip import decompress
from pathlib import Path
from typing import Any

import pytest
from gateway.lab import REGION as WIDE
from hypothesis import given, settings
from hypothesis import strategies as st
from journeys.lab import HEAD, HERE, MS, Region, S, allow_udp
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.layers.ntp import NTP

from dcsim.cli.inspect import described
from dcsim.instance_request import StartInstances, StopInstances, TerminateInstances
from dcsim.observe.gzip import stored
from dcsim.observe.rundir import Differs
from dcsim.problem import Refused
from dcsim.request import (
    CreateFlowLogs,
    CreateNatGateway,
    DeleteNatGateway,
    RunInstances,
)
from dcsim.run import run
from dcsim.scenario.load import load_scenario
from netvirt.address import format_mac
from netvirt.flow_log.record import DEFAULT_FORMAT
from netvirt.journey import Outcome

from .bucket import records

THREE = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      web: {availability_zone: a, cidr_block: 10.0.1.0/24}
      db: {availability_zone: b, cidr_block: 10.0.2.0/24, network_acl: db}
    network_acls:
      db:
        ingress: [100 allow udp 9 from 10.0.0.0/16, 110 allow tcp 80 from 10.0.0.0/16]
        egress: 100 allow icmp to 10.0.0.0/16
    security_groups:
      open: {ingress: [udp 0-99 from 10.0.0.0/16, tcp 80 from 10.0.0.0/16]}
    instances:
      web: {subnet: web, security_groups: open}
      other: {subnet: web, security_groups: open}
      db: {subnet: db, security_groups: open}
      old: {subnet: db, security_groups: open, instance_type: m4.large}
      box: {subnet: web, security_groups: open, source_dest_check: false}
    flow_logs: {all: {log_format: FIELDS}}
""".replace("FIELDS", "[protocol, interface-id, pkt-srcaddr, dstport, flow-direction, action, packets, log-status]")


class Logged(Region):
    """Its guests are idle: they say that their ports are closed, by ICMP. Records name guests where they have ids."""

    def records(self, name: str = "all") -> list[str]:
        """Without NODATA; where records begin with the protocol, without ICMP and without the protocol."""
        told = (line for line in self.every(name) if "NODATA" not in line and line[:2] != "1 ")
        return [line.removeprefix("17 ").removeprefix("6 ") for line in told]

    def every(self, name: str) -> list[str]:
        logs = [log for log in self.world.control.flow_logs.values() if log.request.name == name]
        told = [line for log in logs for line in self.world.flow_logs.lines(log, self.clock.now)]
        names = {guest.placed.interface.id: guest.name for guest in self.world}
        names |= {guest.ip: guest.name for guest in self.world}
        return [" ".join(names.get(word, word) for word in line.split()) for line in told]


@pytest.fixture
def three() -> Logged:
    return Logged(THREE)


def test_both_ends_of_a_flow_tell_of_it(three: Logged) -> None:
    three.post("web", three.udp("web", "db"))
    three.post("web", three.udp("web", "db"))
    assert three.records() == ["web web 9 egress ACCEPT 2 OK", "db web 9 ingress ACCEPT 2 OK"]


def test_what_a_group_refuses_is_one_reject_where_it_was_refused(three: Logged) -> None:
    fate = three.post("web", three.packet("web", "other", UDP(sport=4000, dport=100)))
    assert fate.outcome is Outcome.SECURITY_GROUP
    assert three.records() == ["web web 100 egress ACCEPT 1 OK", "other web 100 ingress REJECT 1 OK"]


def test_what_an_acl_refuses_on_its_way_in_is_a_reject_too(three: Logged) -> None:
    fate = three.post("web", three.udp("web", "db", dport=10))
    assert fate.outcome is Outcome.NETWORK_ACL
    assert three.records() == ["web web 10 egress ACCEPT 1 OK", "db web 10 ingress REJECT 1 OK"]


def test_an_acl_that_forgets_accepts_the_question_and_rejects_the_answer(three: Logged) -> None:
    three.post("web", three.packet("web", "db", TCP(sport=4000, dport=80, flags="S")))
    fate = three.post("db", three.packet("db", "web", TCP(sport=80, dport=4000, flags="SA")))
    assert fate.outcome is Outcome.NETWORK_ACL
    assert three.records()[1:] == ["db web 80 ingress ACCEPT 1 OK", "db db 4000 egress REJECT 1 OK"]


def frames_without_record(region: Logged) -> dict[str, tuple[Any, Outcome]]:
    """What nobody's group or ACL judged, or what AWS leaves out."""
    web, router = region["web"], format_mac(region["web"].router_mac)
    mine = Ether(src=format_mac(web.mac), dst=router)
    probe, question = UDP(sport=4000, dport=9), DNS(rd=1, qd=DNSQR(qname="example.com"))
    return {
        "spoofed": (mine / IP(src="10.0.1.99", dst=region["db"].ip) / probe, Outcome.SOURCE_DEST_CHECK),
        "another's MAC": (Ether(src="0a:0b:0c:0d:0e:0f", dst=router) / IP(dst="10.0.2.4"), Outcome.SPOOFED),
        "no route": (mine / IP(src=web.ip, dst="8.8.8.8") / probe, Outcome.NO_ROUTE),
        "nobody there": (mine / IP(src=web.ip, dst="10.0.2.77") / probe, Outcome.NO_MAPPING),
        "broadcast": (mine / IP(src=web.ip, dst="10.0.1.255") / probe, Outcome.BROADCAST),
        "instance metadata": (mine / IP(src=web.ip, dst="169.254.169.254") / TCP(dport=80), Outcome.UNKNOWN),
        "time": (mine / IP(src=web.ip, dst="169.254.169.123") / UDP(dport=123) / NTP(), Outcome.CONSUMED),
        "the resolver": (mine / IP(src=web.ip, dst="10.0.0.2") / UDP(dport=53) / question, Outcome.CONSUMED),
        "the router": (mine / IP(src=web.ip, dst="10.0.1.1") / ICMP(), Outcome.UNKNOWN),
        "ARP": (mine / ARP(psrc=web.ip, pdst="10.0.1.1", hwsrc=format_mac(web.mac)), Outcome.CONSUMED),
    }


@pytest.mark.parametrize("what", list(frames_without_record(Logged(THREE))))
def test_what_has_no_record(three: Logged, what: str) -> None:
    frame, outcome = frames_without_record(three)[what]
    assert three.post("web", frame).outcome is outcome
    assert three.records() == []


def test_the_agents_dhcp_has_no_record() -> None:
    agents = Logged(THREE.replace("web: {subnet: web,", "web: {subnet: web, image: agent,"), until=5 * S)
    assert any(b"\0\x44\0\x43" in each.data for each in agents.seen), "it did ask"
    assert agents.records() == []


def test_what_does_not_arrive_at_the_receivers_check_has_no_record_there(three: Logged) -> None:
    """Sent to another's MAC: accepted on its way out, dropped by the check of who gets it."""
    other = three["other"]
    wrong = Ether(src=format_mac(three["web"].mac), dst=format_mac(other.mac))
    fate = three.post("web", wrong / IP(src=three["web"].ip, dst="10.0.1.88") / UDP(sport=4000, dport=9))
    assert fate.outcome is Outcome.SOURCE_DEST_CHECK
    assert three.records() == ["web web 9 egress ACCEPT 1 OK"]


def test_a_middlebox_stands_for_what_it_forwards() -> None:
    """Its own address takes the place of the other end's, and pkt- fields tell what the packet says."""
    fields = "[protocol, interface-id, srcaddr, dstaddr, pkt-srcaddr, pkt-dstaddr, flow-direction]"
    region = Logged(
        THREE.replace(
            "all: {", f"box: {{resource_type: NetworkInterface, resources: box, log_format: {fields}}}, all: {{"
        )
    )
    web, box, db = region["web"], region["box"], region["db"]
    passing = IP(src=web.ip, dst=db.ip) / UDP(sport=4000, dport=9)
    region.post("web", Ether(src=format_mac(web.mac), dst=format_mac(box.mac)) / passing)
    region.post("box", Ether(src=format_mac(box.mac), dst=format_mac(box.router_mac)) / passing)
    assert region.records("box") == ["box web box web db ingress", "box box db web db egress"]


def test_flags_of_a_remembered_connection(three: Logged) -> None:
    """Segments that need no decision are counted like those that do."""
    fields = ("protocol", "interface-id", "packets", "tcp-flags")
    three.call(new_log("flags", resource_type="NetworkInterface", resource="other", log_format=fields))
    for flags in ("S", "A", "PA", "PA", "FA"):
        fate = three.post("web", three.packet("web", "other", TCP(sport=4000, dport=80, flags=flags)))
        assert fate.outcome is Outcome.DELIVERED
    assert three.records("flags") == ["other 5 3"]


@pytest.mark.parametrize("flush", [False, True])
def test_remembering_decisions_changes_no_record(flush: bool) -> None:
    region = Logged(THREE)
    for number in range(12):
        region.post("web", region.udp("web", "db", dport=9 + number % 3 // 2))
        if flush:
            for host in region.world.hosts.values():
                host.vswitch.flush()
    assert region.records() == [
        "web web 9 egress ACCEPT 8 OK",
        "web web 10 egress ACCEPT 4 OK",
        "db web 9 ingress ACCEPT 8 OK",
        "db web 10 ingress REJECT 4 OK",
    ]


def test_paths_out_of_a_vpc() -> None:
    """8 over the internet gateway, 4 over a peering, 1 inside; the public address is nowhere to be seen."""
    fields = "[protocol, interface-id, pkt-srcaddr, pkt-dstaddr, traffic-path, action]"
    region = Logged(
        WIDE.replace(
            "    internet_gateway: igw\n",
            f"    internet_gateway: igw\n    flow_logs: {{all: {{log_format: {fields}}}}}\n",
            1,
        )
    )
    for receiver in ("db", "web-b"):
        region.post("web-a", region.udp("web-a", receiver))
    web, customer = region["web-a"], region.world["internet/customer"]
    out = Ether(src=format_mac(web.mac), dst=format_mac(web.router_mac))
    web.send(out / IP(src=web.ip, dst=customer.ip) / UDP(sport=4000, dport=9) / b"hello")
    region.wait(100 * MS)
    home = Ether(src=format_mac(customer.mac), dst=format_mac(customer.router_mac))
    customer.send(home / IP(src=customer.ip, dst="198.18.0.10") / UDP(sport=9, dport=4000) / b"hello yourself")
    region.wait(100 * MS)
    assert region.records() == [
        "web-a web-a db 4 ACCEPT",
        "web-a web-a web-b 1 ACCEPT",
        "web-a web-a customer 8 ACCEPT",
        "web-a customer web-a - ACCEPT",
        "web-b web-a web-b - ACCEPT",
    ]


NAT = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    subnets:
      public: {availability_zone: a, cidr_block: 10.0.0.0/24, route_table: public}
      private: {availability_zone: a, cidr_block: 10.0.1.0/24, route_table: private}
    route_tables:
      public: {routes: {0.0.0.0/0: igw}}
      private: {routes: {0.0.0.0/0: nat}}
    nat_gateways: {nat: {subnet: public, private_ip_address: 10.0.0.220}}
    instances: {app: {subnet: private, private_ip_address: 10.0.1.5}}
    flow_logs:
      nat: {resource_type: NetworkInterface, resources: nat, log_format: FIELDS}
      app: {resource_type: NetworkInterface, resources: app, log_format: FIELDS}
internet:
  instances: {host: {ip_address: 203.0.113.5}}
""".replace("FIELDS", "[instance-id, srcaddr, dstaddr, pkt-srcaddr, pkt-dstaddr, traffic-path, flow-direction]")


def test_through_a_nat_gateway_as_in_awss_example() -> None:
    """VPC User Guide, "Traffic through a NAT gateway": the gateway's interface is in between, the instance's is not."""
    region = Region(NAT)
    app, host = region["app"], "203.0.113.5"
    out = Ether(src=format_mac(app.mac), dst=format_mac(app.router_mac))
    app.send(out / IP(src=app.ip, dst=host) / ICMP(type=8, id=7) / b"hello")
    region.wait(200 * MS)
    logs = {log.request.name: log for log in region.world.control.flow_logs.values()}
    told = {name: region.world.flow_logs.lines(log, region.clock.now) for name, log in logs.items()}
    assert told["nat"] == [
        f"- 10.0.1.5 10.0.0.220 10.0.1.5 {host} - ingress",
        f"- 10.0.0.220 {host} 10.0.0.220 {host} 2 egress",
        f"- {host} 10.0.0.220 {host} 10.0.0.220 - ingress",
        f"- 10.0.0.220 10.0.1.5 {host} 10.0.1.5 1 egress",
    ]
    instance = told["app"][0].split()[0]
    assert instance.startswith("i-") and told["app"] == [
        f"{instance} 10.0.1.5 {host} 10.0.1.5 {host} 1 egress",
        f"{instance} {host} 10.0.1.5 {host} 10.0.1.5 - ingress",
    ]


def test_an_interface_that_is_gone_is_not_reported_as_quiet() -> None:
    region = Region(NAT)
    (log,) = [log for log in region.world.control.flow_logs.values() if log.request.name == "nat"]
    region.run(650 * S)
    region.call(DeleteNatGateway(vpc="main", name="nat", mark=HERE))
    region.run(2000 * S)
    assert region.world.flow_logs.lines(log, region.clock.now) == ["- - - - - - -"], "one whole interval, of 600 s"


def test_another_interface_in_its_place_is_watched_again() -> None:
    region = Logged(NAT.replace("nat: {resource_type: NetworkInterface, resources: nat,", "all: {"))
    region.call(DeleteNatGateway(vpc="main", name="nat", mark=HERE))
    gateway = next(each for each in region.world.plan.requests if isinstance(each, CreateNatGateway))
    region.call(CreateNatGateway(**{name: getattr(gateway, name) for name in gateway.__slots__}, mark=HERE))
    assert len(region.world.appliances["main", "nat"].nic.port.meters) == 1
    region.run(1250 * S)
    assert region.every("all").count("- - - - - - -") == 2, "its own two intervals of 600 s; the first one had none"


TRANSIT = """
vpcs:
  one:
    cidr_block: 10.20.0.0/16
    subnets:
      client: {availability_zone: a, cidr_block: 10.20.33.0/24, route_table: out}
      tgw: {availability_zone: a, cidr_block: 10.20.1.0/28}
    route_tables: {out: {routes: {10.40.0.0/16: core}}}
    instances: {client: {subnet: client, private_ip_address: 10.20.33.164}}
  two:
    cidr_block: 10.40.0.0/16
    subnets:
      web: {availability_zone: a, cidr_block: 10.40.2.0/24, route_table: out}
      tgw: {availability_zone: a, cidr_block: 10.40.1.0/28}
    route_tables: {out: {routes: {10.20.0.0/16: core}}}
    security_groups: {web: {ingress: icmp from 0.0.0.0/0}}
    instances: {web: {subnet: web, private_ip_address: 10.40.2.236, security_groups: web}}
    flow_logs: {all: {log_format: "${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction}"}}
transit_gateways:
  core: {attachments: {one: {vpc: one, subnets: tgw}, two: {vpc: two, subnets: tgw}}}
"""


def test_through_a_transit_gateway_as_in_awss_example() -> None:
    """VPC User Guide, "Traffic through a transit gateway": its interface stands for the client on the VPC's side only."""
    region = Region(TRANSIT)
    client, web, gateway = region["client"], "10.40.2.236", "10.40.1.4"
    out = Ether(src=format_mac(client.mac), dst=format_mac(client.router_mac))
    for number in (1, 2):
        client.send(out / IP(src=client.ip, dst=web) / ICMP(type=8, id=7, seq=number) / b"hello")
        region.wait(200 * MS)
    (log,) = region.world.control.flow_logs.values()
    assert sorted(region.world.flow_logs.lines(log, region.clock.now)) == sorted(
        [
            f"{client.ip} {web} {client.ip} {web} ingress",
            f"{web} {client.ip} {web} {client.ip} egress",
            f"{gateway} {web} {client.ip} {web} egress",
            f"{web} {gateway} {web} {client.ip} ingress",
        ]
    )


def test_nitro_never_aggregates_longer_than_a_minute(three: Logged) -> None:
    """Every interface is asked for 600 s; an m4 gives them."""
    three.run(601 * S)
    told = three.every("all")
    assert [told.count(f"- {name} - - - - - NODATA") for name in ("web", "db", "old")] == [10, 10, 1]


def new_log(name: str, **fields: Any) -> CreateFlowLogs:
    whole = {"resource_type": "VPC", "resource": "main", "traffic_type": "ALL", "log_format": DEFAULT_FORMAT}
    interval = 60 * S
    return CreateFlowLogs(vpc="main", name=name, max_aggregation_interval_ns=interval, mark=HERE, **{**whole, **fields})


def test_a_flow_log_of_later_begins_when_it_is_asked_for_and_sees_who_comes_after(three: Logged) -> None:
    three.post("web", three.udp("web", "db"))
    three.run(70 * S)
    three.call(new_log("late", log_format=("protocol", "interface-id", "start", "packets", "log-status")))
    launch = next(each for each in three.world.plan.requests if isinstance(each, RunInstances))
    three.call(RunInstances(**{**{key: getattr(launch, key) for key in launch.__slots__}, "name": "new", "mark": HERE}))
    three.watch(three["new"])
    three.run(80 * S)
    assert three.post("web", three.udp("web", "new")).outcome is Outcome.DELIVERED
    t0 = 1735689600
    assert three.records("late") == [f"web {t0 + 80} 1 OK", f"new {t0 + 80} 1 OK"]
    three.run(121 * S)
    assert f"- db {t0 + 70} - NODATA" in three.every("late")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"resource_type": "Subnet", "resource": "wbe"}, "InvalidSubnetID.NotFound"),
        ({"resource_type": "NetworkInterface", "resource": "nobody"}, "InvalidNetworkInterfaceID.NotFound"),
        ({"name": "twin", "traffic_type": "REJECT"}, "FlowLogAlreadyExists"),
        ({"name": "third", "traffic_type": "ACCEPT"}, "FlowLogsLimitExceeded"),
    ],
)
def test_what_ec2_refuses(three: Logged, fields: dict[str, str], code: str) -> None:
    three.call(new_log("second", traffic_type="REJECT"))
    with pytest.raises(Refused) as refused:
        three.call(new_log(**{"name": "x", **fields}))
    assert [problem.code for problem in refused.value.problems] == [code]


WAYS = ("web", "other", "db", "old")
ENDS = {
    Outcome.DELIVERED: ("ACCEPT", "ACCEPT"),
    Outcome.SECURITY_GROUP: ("ACCEPT", "REJECT"),
    Outcome.NETWORK_ACL: ("ACCEPT", "REJECT"),
}
"""What the sender's interface and the receiver's tell of a packet that ended so at the receiver's host."""


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(WAYS), st.sampled_from(WAYS), st.sampled_from((9, 50, 120))), max_size=12))
def test_records_are_what_became_of_the_packets(sent: list[tuple[str, str, int]]) -> None:
    """Whatever is sent, in whatever order, remembered or not: each packet is in one record at each end it came to."""
    region = Logged(THREE.replace("egress: 100 allow icmp", "egress: 100 allow udp"))
    wanted: Counter[str] = Counter()
    for sender, receiver, port in sent:
        if sender == receiver:
            continue
        fate = region.post(sender, region.udp(sender, receiver, dport=port))
        out, arrived = ENDS[fate.outcome]
        if fate.place == region[sender].host.name and fate.outcome is not Outcome.DELIVERED:
            out, arrived = "REJECT", ""
        wanted[f"{sender} {sender} {port} egress {out}"] += 1
        if arrived:
            wanted[f"{receiver} {sender} {port} ingress {arrived}"] += 1
    # Two flows that the short format tells apart by nothing are two lines.
    told: Counter[str] = Counter()
    for line in region.records():
        told[line.rsplit(" ", 2)[0]] += int(line.split()[-2])
    assert told == wanted


def test_records_follow_an_instance_to_another_host_and_end_with_it(three: Logged) -> None:
    """Stopped and started, it has the same interface on another host; terminated, it has none."""
    before = three["db"].host
    three.call(StopInstances(vpc="main", instance="db", mark=HERE))
    three.run(120 * S)
    three.call(StartInstances(vpc="main", instance="db", mark=HERE))
    three.run(240 * S)
    assert three["db"].host is not before
    assert three.post("web", three.udp("web", "db")).outcome is Outcome.DELIVERED
    assert "db web 9 ingress ACCEPT 1 OK" in three.records()
    three.call(TerminateInstances(vpc="main", instance="db", mark=HERE))
    three.run(300 * S)
    quiet = three.every("all").count("- db - - - - - NODATA")
    three.call(new_log("later", traffic_type="REJECT"))
    three.run(600 * S)
    assert three.every("all").count("- db - - - - - NODATA") == quiet > 0


def test_inspect_shows_flow_logs(three: Logged) -> None:
    thing = described(three.world, None)["log main/all/main"]
    log = next(iter(three.world.control.flow_logs.values()))
    assert thing.fields["id"] == log.id and thing.rows["log"] == f"all {log.id}, ALL of main, 10 min at most"


def test_changes_of_rules_show(three: Logged) -> None:
    three.post("web", three.packet("web", "other", UDP(sport=4000, dport=100)))
    three.call(allow_udp(100, "open", "open"))
    three.wait(200 * MS)
    three.post("web", three.packet("web", "other", UDP(sport=4000, dport=100)))
    assert [line for line in three.records() if line.startswith("other")] == [
        "other web 100 ingress REJECT 1 OK",
        "other web 100 ingress ACCEPT 1 OK",
    ]


# Runs.

STORY = """
version: 1
topology: region.yaml
duration: 390 s
probes:
  across: {ping: right, from: left, every: 1 s}
timeline:
  outage: {at: 130 s, duration: 2 min, action: power-off, target: zone b}
"""
REGION = f"""{HEAD}
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      net: {{per_zone: true, cidr_block: 10.0.1.0/24}}
    security_groups:
      friends: {{ingress: icmp from friends}}
    instances:
      left: {{subnet: net-a, security_groups: friends}}
      right: {{subnet: net-b, security_groups: friends}}
    flow_logs:
      all: {{}}
      rejected:
        resource_type: Subnet
        resources: net
        traffic_type: REJECT
        log_format: ${{version}} ${{tcp-flags}} ${{pkt-srcaddr}}
"""


def play(directory: Path, out: str, region: str = REGION) -> Path:
    (directory / "region.yaml").write_text(region)
    (directory / "story.yaml").write_text(STORY)
    run(load_scenario(directory / "story.yaml"), 7, directory / out, lambda now, doing: None)
    return directory / out


def test_flowlogs_reader_reads_what_a_run_left(tmp_path: Path) -> None:
    """Minute by minute: 60 pings each way, none while zone b is dark, and the rest of the last minute."""
    found = [each for each in records(play(tmp_path, "run") / "flow-logs") if each.version == 2]
    asked = [each for each in found if each.srcaddr == "10.0.1.4" and each.interface_id == found[0].interface_id]
    assert {each.account_id for each in found} == {"123456789012"}
    assert [each.packets for each in asked] == [60, 60, 60, 60, 60, 60, 30]
    assert {(each.protocol, each.srcport, each.dstport, each.version, each.log_status) for each in asked} == {
        (1, 0, 0, 2, "OK")
    }
    assert (f"{asked[1].start}", f"{asked[1].end}") == ("2025-01-01 00:01:00", "2025-01-01 00:01:59")
    answers = [each for each in found if each.srcaddr == "10.0.2.4" and each.interface_id == asked[0].interface_id]
    assert [(each.start.minute, each.packets) for each in answers][:3] == [(0, 60), (1, 60), (2, 10)]
    quiet = [each for each in found if each.log_status == "NODATA"]
    assert {each.srcaddr for each in quiet} == {None}
    assert "2025-01-01 00:03:00" in {f"{each.start}" for each in quiet}


def test_a_file_for_every_five_minutes_with_its_fields_on_top(tmp_path: Path) -> None:
    """Two subnets are two flow logs; what is quiet in the one that tells of rejects is a record all the same."""
    folder = play(tmp_path, "run") / "flow-logs/AWSLogs/123456789012/vpcflowlogs/eu-west-1/2025/01/01"
    files = sorted(folder.iterdir())
    parts = [path.name.split("_") for path in files]
    assert {tuple(each[:3]) for each in parts} == {("123456789012", "vpcflowlogs", "eu-west-1")}
    texts = [decompress(path.read_bytes()).decode().splitlines() for path in files]
    told = {(each[3], each[4]): text for each, text in zip(parts, texts)}
    times = {time: [text[0] for (_, at), text in told.items() if at == time] for _, time in told}
    rejects = "version tcp-flags pkt-srcaddr"
    assert {time: sorted(heads) for time, heads in times.items()} == {
        "20250101T0005Z": [" ".join(DEFAULT_FORMAT), rejects],
        "20250101T0010Z": [" ".join(DEFAULT_FORMAT)],
    }
    assert {line for text in texts if text[0] == rejects for line in text[1:]} == {"3 - -"}
    starts = [int(line.split()[10]) for text in texts if text[0] != rejects for line in text[1:]]
    assert all(1735689600 <= start < 1735689600 + 390 for start in starts)


def test_the_same_run_leaves_the_same_files_and_is_compared_with_them(tmp_path: Path) -> None:
    one, other = play(tmp_path, "one"), play(tmp_path, "other")
    files = {path.relative_to(one): path.read_bytes() for path in one.rglob("*") if path.is_file()}
    assert files == {path.relative_to(other): path.read_bytes() for path in other.rglob("*") if path.is_file()}
    assert sum(path.parts[0] == "flow-logs" for path in files) >= 2
    play(tmp_path, "one")


def test_a_flow_log_that_differs_is_our_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(tmp_path, "run")
    monkeypatch.setattr("netvirt.flow_log.meter._ip_bytes", lambda data: 1)
    with pytest.raises(Differs) as differs:
        play(tmp_path, "run")
    assert differs.value.what.startswith("byte ") and "_vpcflowlogs_eu-west-1_fl-" in differs.value.what


def test_without_flow_logs_no_file_and_no_meter(tmp_path: Path) -> None:
    left = play(tmp_path, "run", REGION.partition("    flow_logs")[0])
    assert not (left / "flow-logs").exists()
    region = Region(REGION.partition("    flow_logs")[0].replace(HEAD, ""))
    assert not any(guest.nic.port.meters for guest in region.world)


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 200_000])
def test_files_unpack_to_what_went_in(size: int) -> None:
    content = bytes(number * 7 % 251 for number in range(size))
    assert decompress(stored(content)) == content
