"""dcsim from Python: what `from dcsim import ...` gives."""

import subprocess
import sys
from pathlib import Path

import pytest

import dcsim
from dcsim import Topology, build, load
from dcsim.problem import Mistake

ROOT = Path(__file__).resolve().parent.parent


def a_topology() -> Topology:
    topology = Topology(region="eu-west-1", zones=["a", "b"])
    vpc = topology.vpc("main", cidr_block="10.0.0.0/16")
    vpc.subnet("net", per_zone=True, cidr_block="10.0.1.0/24")
    vpc.security_group("open", ingress="udp 9 from 10.0.0.0/16")
    vpc.instance("guest", per_zone=True, subnet="net", security_groups="open")
    return topology


def test_a_world_of_a_topology_a_plan_or_a_file() -> None:
    assert [guest.name for guest in build(a_topology())] == ["guest-a", "guest-b"]
    assert [guest.name for guest in build(a_topology().plan(), seed=7)] == ["guest-a", "guest-b"]
    for source in ("two-az.yaml", ROOT / "topologies/two-az.yaml", load("two-az.yaml")):
        assert [guest.name for guest in build(source, seed=7)] == ["left", "right"]


def test_trace_by_name_by_guest_and_by_address() -> None:
    world = build("two-az.yaml")
    left, right = world["left"], world["right"]
    assert world.trace("left", "right", "icmp").delivered
    assert world.trace(left, right, "icmp") == world.trace("left", "10.0.2.4", "icmp")
    refused = world.trace("left", "right", "tcp 22")
    assert not refused.delivered
    assert refused.blockers[0].rule == "allows only: icmp from friends"


def test_what_cannot_be_asked() -> None:
    world = build("two-az.yaml")
    with pytest.raises(KeyError, match="no guest is called lef; there are left, right"):
        world.trace("lef", "right", "icmp")
    with pytest.raises(Mistake, match=r"'10\.0\.0\.300' is not an IPv4 address"):
        world.trace("left", "10.0.0.300", "icmp")
    with pytest.raises(Mistake, match="'22-25' is several ports"):
        world.trace("left", "right", "22-25")


def test_names_are_found_when_they_are_asked_for() -> None:
    assert set(dcsim.__all__) <= set(dir(dcsim))
    program = "import sys, dcsim\nassert 'pydantic' not in sys.modules\ndcsim.build\nassert 'pydantic' in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": str(ROOT)})
    with pytest.raises(AttributeError, match="module 'dcsim' has no attribute 'nothing'"):
        dcsim.nothing  # noqa: B018
