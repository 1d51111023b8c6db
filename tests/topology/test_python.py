"""Topologies written in Python: the same plan, and marks at the calls."""

import sys
from pathlib import Path

import pytest

from dcsim.problem import Problem, Refused
from dcsim.topology.load import load, plan_of
from dcsim.topology.python import Topology


def two_az() -> Topology:
    topology = Topology(region="eu-west-1", zones=["a", "b"], name="two-az")
    vpc = topology.vpc("main", cidr_block="10.0.0.0/16")
    vpc.subnet("net", per_zone=True, cidr_block="10.0.1.0/24")
    vpc.security_group("friends", ingress="icmp from friends")
    vpc.instance("left", subnet="net-a", security_groups="friends", image="agent")
    vpc.instance("right", subnet="net-b", security_groups=["friends"], image="agent")
    return topology


def test_python_and_yaml_come_to_the_same_plan() -> None:
    assert two_az().plan() == load("two-az.yaml")


def test_a_topology_brings_its_own_file_for_replays() -> None:
    plan = two_az().plan()
    (file,) = plan.files
    assert file.path == "two-az.yaml"
    assert plan_of(file.data, file.path, "two-az") == plan


def test_numbers_truth_lists_and_maps_are_what_a_file_would_say() -> None:
    topology = Topology(
        region="r",
        zones="a",
        start="2025-01-01T00:00:00Z",
        plant={"racks": 3, "nic": "100 Gbit"},
        links=None,
    )
    vpc = topology.vpc("m", cidr_block="10.0.0.0/16")
    vpc.subnet("n", cidr_block="10.0.0.0/24", route_table="t", network_acl="edge")
    vpc.route_table("t", routes={"10.9.0.0/16": "box-1"})
    vpc.network_acl("edge", ingress=["100 allow all from 0.0.0.0/0"])
    vpc.instance("box", subnet="n", count=2, source_dest_check=False, image=None)
    plan = topology.plan()
    assert plan.plant.racks == 3
    assert plan.requests[-1] == plan_of(plan.files[0].data, "x", "topology").requests[-1]


def problems(topology: Topology) -> tuple[Problem, ...]:
    with pytest.raises(Refused) as refused:
        topology.plan()
    return refused.value.problems


def test_a_problem_points_at_the_call() -> None:
    topology = Topology(region="eu-west-1", zones=["a", "b"])
    vpc = topology.vpc("main", cidr_block="10.0.0.0/16")
    line = sys._getframe().f_lineno
    vpc.subnet("net", cidr_blok="10.0.1.0/24")
    vpc.security_group("open", ingress="tcp 80 frm 10.0.0.0/16")
    first, second = problems(topology)
    assert first.message == "subnet has no 'cidr_blok'"
    assert second.message == "'frm' where from belongs"
    assert (first.mark.line, first.mark.column) == (line + 1, 5)
    assert second.mark.line == line + 2
    assert Path(first.mark.file).resolve() == Path(__file__).resolve()


def test_a_name_is_given_once() -> None:
    vpc = Topology(region="r", zones=["a"]).vpc("main", cidr_block="10.0.0.0/16")
    vpc.subnet("net", cidr_block="10.0.1.0/24")
    with pytest.raises(Refused, match="'net' is here twice; it is at line"):
        vpc.subnet("net", cidr_block="10.0.2.0/24")


def test_a_float_is_no_quantity() -> None:
    vpc = Topology(region="r", zones=["a"]).vpc("main", cidr_block="10.0.0.0/16")
    with pytest.raises(Refused, match=r"float 1\.5 cannot stand here; write text with a unit"):
        vpc.instance("box", boot=1.5)  # type: ignore[arg-type]
