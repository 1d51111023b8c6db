"""Kinds of traffic that rules can tell apart, and the words for them."""

import pytest

from dcsim.cloud.vpc import Vpc
from dcsim.problem import Mistake
from dcsim.reach.matrix import reach
from dcsim.reach.traffic import Kind, kinds, kinds_text, traffic_text
from dcsim.topology.python import Topology
from dcsim.traffic_spec import TrafficSpec, parse_traffic

from .region import region_with


def test_ports_are_cut_where_rules_begin_and_end() -> None:
    region = reach(region_with("tcp 22 from 10.0.0.0/16", "tcp 20-80 from 10.0.0.0/16", "proto 47 from 10.0.0.0/16"))
    assert region.kinds == (
        Kind(1),
        Kind(6, range(20)),
        Kind(6, range(20, 22)),
        Kind(6, range(22, 23)),
        Kind(6, range(23, 81)),
        Kind(6, range(81, 65536)),
        Kind(17, range(65536)),
        Kind(47),
        Kind(255, unnamed=True),
    )


def test_without_a_rule_there_is_one_kind_each() -> None:
    assert [kind.protocol for kind in kinds(list[Vpc]())] == [1, 6, 17, 255]


@pytest.mark.parametrize(
    ("rules", "cell"),
    [
        (["icmp from 10.0.0.0/16"], "icmp"),
        (["icmp from 10.0.0.0/16", "tcp 22 from 10.0.0.0/16"], "icmp tcp 22"),
        (["tcp 22 from 10.0.0.0/16", "tcp 80-90 from 10.0.0.0/16"], "tcp 22,80-90"),
        (["tcp 80-90 from 10.0.0.0/16", "tcp 91 from 10.0.0.0/16"], "tcp 80-91"),
        (["tcp from 10.0.0.0/16", "udp 53 from 10.0.0.0/16"], "tcp udp 53"),
        (["proto 47 from 10.0.0.0/16", "icmp from 10.0.0.0/16"], "icmp proto 47"),
        (["icmp echo-reply from 10.0.0.0/16"], ""),
        (["all from 10.0.0.0/16"], "all"),
        (["tcp 22 from 10.9.0.0/16"], ""),
    ],
)
def test_a_cell_says_what_passes(rules: list[str], cell: str) -> None:
    region = reach(region_with(*rules))
    assert kinds_text(region.passing("left", "right"), region.kinds) == cell


def test_what_no_rule_names_is_others() -> None:
    topology = Topology(region="eu-west-1", zones=["a"])
    vpc = topology.vpc("m", cidr_block="10.0.0.0/16")
    vpc.subnet("s", availability_zone="a", cidr_block="10.0.1.0/24", network_acl="n")
    vpc.subnet("t", availability_zone="a", cidr_block="10.0.2.0/24")
    vpc.network_acl(
        "n", ingress="100 allow all from 0.0.0.0/0", egress=["90 deny tcp to 0.0.0.0/0", "100 allow all to 0.0.0.0/0"]
    )
    vpc.security_group("g", ingress="all from 10.0.0.0/16")
    vpc.instance("left", subnet="s", security_groups="g")
    vpc.instance("right", subnet="t", security_groups="g")
    region = reach(topology.plan())
    assert kinds_text(region.passing("left", "right"), region.kinds) == "icmp udp others"


@pytest.mark.parametrize("text", ["tcp 22", "udp 53", "icmp", "proto 47", "tcp 0", "tcp 65535"])
def test_traffic_reads_as_it_is_written(text: str) -> None:
    assert traffic_text(parse_traffic(text)) == text


def test_proto_of_a_name_is_no_traffic() -> None:
    assert parse_traffic("tcp  22") == TrafficSpec(6, 22)
    for bad in ("proto 6", "proto 256", "tcp 65536", "tcp x", "tcp ٢٢", "", "icmp 8"):
        with pytest.raises(Mistake):
            parse_traffic(bad)
