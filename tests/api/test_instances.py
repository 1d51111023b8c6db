"""Instances that are stopped, started, rebooted and terminated: what packets meet, and what stays theirs."""

import pytest
from journeys.lab import S

from dcsim.cloud.lifecycle import PENDING_NS, STOPPING_NS
from dcsim.guests import BOOT_NS
from dcsim.observe.event import InstanceChanged
from netvirt.journey import Outcome

from .desk import MS, Desk

LIFE = 45 * S


def states(desk: Desk, guest: str) -> list[tuple[int, str]]:
    return [(at, each.state) for at, each in desk.events if isinstance(each, InstanceChanged) and each.guest == guest]


def test_a_stopped_instance_is_silent_at_once_and_keeps_its_addresses() -> None:
    desk = Desk()
    assert desk.asked("customer", "198.18.0.10") == "answered"
    start, host = desk.now, desk["web-a"].host
    desk.ask("StopInstances", instance="web-a")
    assert desk["web-a"].running is None
    assert desk.fate("customer", "198.18.0.10").outcome is Outcome.LINK_DOWN, "the news is under way"
    desk.wait(desk.propagation_ns)
    assert desk.fate("customer", "198.18.0.10")[:2] == ("border", Outcome.NO_MAPPING)
    assert desk.fate("web-b", "10.0.0.4").outcome is Outcome.NO_MAPPING
    assert not desk.traced("web-b", "10.0.0.4").delivered
    assert desk.refusal("StartInstances", instance="web-a") == "IncorrectInstanceState: web-a is stopping, not stopped"
    desk.run(start + STOPPING_NS.value + 1)
    again = desk.now
    desk.ask("StartInstances", instance="web-a")
    assert desk["web-a"].host is not host, "on another host, as long as there is one"
    desk.run(again + PENDING_NS.value + 3 * S)
    assert (desk["web-a"].ip, desk["web-a"].instance.boots) == ("10.0.0.4", 2)
    assert desk.asked("customer", "198.18.0.10") == "answered"
    assert desk.asked("web-b", "10.0.0.4") == "answered"
    assert states(desk, "web-a") == [
        (start, "stopping"),
        (start + STOPPING_NS.value, "stopped"),
        (again, "pending"),
        (again + PENDING_NS.value, "running"),
    ]


def test_an_address_of_the_subnet_is_another_one_after_a_stop() -> None:
    desk = Desk()
    assert desk.asked("customer", "198.18.0.1") == "answered"
    desk.ask("StopInstances", instance="given")
    desk.wait(STOPPING_NS.value + S)
    desk.ask("StartInstances", instance="given")
    desk.wait(PENDING_NS.value + 3 * S)
    assert desk.fate("customer", "198.18.0.1")[:2] == ("border", Outcome.NO_MAPPING)
    assert desk.asked("customer", "198.18.0.2") == "answered"


BOX = """
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    subnets:
      left: {availability_zone: a, cidr_block: 10.0.1.0/24, route_table: left}
      right: {availability_zone: b, cidr_block: 10.0.2.0/24}
      boxes: {availability_zone: a, cidr_block: 10.0.8.0/24}
    route_tables: {left: {routes: {10.0.2.0/24: box}}}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances:
      left: {subnet: left, security_groups: open}
      right: {subnet: right, security_groups: open}
      box: {subnet: boxes, security_groups: open, source_dest_check: false}
"""


def test_a_route_to_a_stopped_or_terminated_instance_is_a_black_hole() -> None:
    desk = Desk(BOX)
    assert desk.fate("left", "10.0.2.4").place == "box"
    desk.do("StopInstances", instance="box")
    assert desk.fate("left", "10.0.2.4").outcome is Outcome.BLACKHOLE
    desk.wait(STOPPING_NS.value)
    desk.do("StartInstances", instance="box")
    desk.wait(PENDING_NS.value + 3 * S)
    assert desk.fate("left", "10.0.2.4").place == "box"
    desk.do("TerminateInstances", instance="box")
    assert desk.fate("left", "10.0.2.4").outcome is Outcome.BLACKHOLE
    assert desk.refusal("StartInstances", instance="box").startswith("InvalidInstanceID.NotFound: no instance 'box'")
    desk.do("DeleteRoute", route_table="left", destination="10.0.2.0/24")
    assert desk.fate("left", "10.0.2.4").place == "right"


def test_what_was_begun_before_a_reboot_is_not_gone_on_with() -> None:
    desk = Desk()
    pinger = desk.pings("web-a", desk["web-b"].placed.interface.address, 100 * MS, 50)
    desk.wait(S)
    desk.ask("RebootInstances", instance="web-a")
    begun, host = desk.now, desk["web-a"].host
    desk.wait(5 * S)
    silent = range(begun + 1, begun + BOOT_NS.value)
    assert not any(each.rtt_ns is not None and each.sent_ns in silent for each in pinger.answers)
    assert (desk["web-a"].host, desk["web-a"].instance.boots) == (host, 2)
    assert desk.asked("web-b", "10.0.0.4") == "answered"


def test_a_terminated_instance_leaves_its_addresses_to_others() -> None:
    desk = Desk()
    desk.do("TerminateInstances", instance="web-a")
    desk.do("AssociateAddress", instance="bare", public_ip="198.18.0.10")
    assert desk.fate("customer", "198.18.0.10").place == "bare"
    assert desk.world.control.vpcs["shop"].by_address.get(desk["web-a"].placed.interface.address) is None


@pytest.mark.parametrize("verb", ["StopInstances", "TerminateInstances"])
def test_power_does_not_wake_who_was_stopped(verb: str) -> None:
    desk = Desk()
    desk.ask(verb, instance="web-a")
    desk.hold("zone a")
    desk.wait(S)
    desk.release("zone a")
    desk.wait(5 * S)
    assert (desk["web-a"].running, desk["web-a"].instance.boots) == (None, 1)


def test_where_there_is_one_host_it_comes_back_to_it() -> None:
    desk = Desk(
        "plant: {racks: 1, hosts: 1}\n"
        + BOX.replace("source_dest_check: false}", "instance_type: m5.24xlarge}").replace(
            "left: {subnet: left,", "left: {subnet: right,"
        )
    )
    desk.ask("StopInstances", instance="box")
    desk.wait(STOPPING_NS.value + S)
    desk.ask("StartInstances", instance="box")
    desk.wait(PENDING_NS.value + 3 * S)
    assert desk["box"].running is not None


def test_an_instance_is_run_and_takes_over() -> None:
    desk = Desk()
    made = desk.ask("RunInstances", name="spare", subnet="public-b", security_groups="web", boot="2 s")
    assert made == desk["spare"].placed.interface.id
    assert (desk["spare"].placed.subnet.name, desk["spare"].running) == ("public-b", None)
    desk.do("AssociateAddress", instance="spare", public_ip="198.18.0.10")
    assert desk.fate("customer", "198.18.0.10").outcome is Outcome.GUEST_DOWN, "it boots"
    desk.wait(2 * S)
    assert desk.asked("customer", "198.18.0.10") == "answered"
    said = "InvalidParameterValue: shop has an instance spare already"
    assert desk.refusal("RunInstances", name="spare", subnet="public-a") == said
    assert desk.refusal("RunInstances", name="other", subnet="public-c").startswith("InvalidSubnetID.NotFound")
    assert desk.refusal("RunInstances", name="other", subnet="public-b", instance_type="m7").startswith(
        "InvalidParameterValue: no instance type 'm7'"
    )
