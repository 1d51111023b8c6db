"""Flow logs in a topology: what they come to, and what is said of bad ones."""

import pytest

from dcsim.request import CreateFlowLogs
from dcsim.topology.python import Topology
from netvirt.flow_log.record import DEFAULT_FORMAT

from .files import said_of, topology

MAIN = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      net: {per_zone: true, cidr_block: 10.0.1.0/24}
    instances:
      app: {per_zone: [a, c], subnet: net}
      one: {subnet: net-b}
    flow_logs: """


def asked(text: str) -> list[CreateFlowLogs]:
    return [each for each in topology(MAIN + text).requests if isinstance(each, CreateFlowLogs)]


def test_a_name_is_a_flow_log_of_everything_in_awss_default_format() -> None:
    (log,) = asked("all")
    assert (log.name, log.resource_type, log.resource, log.traffic_type) == ("all", "VPC", "main", "ALL")
    assert (log.log_format, log.max_aggregation_interval_ns) == (DEFAULT_FORMAT, 600_000_000_000)


def test_a_name_that_copies_share_means_each_of_them() -> None:
    subnets = asked("{x: {resource_type: Subnet, resources: net}}")
    assert [each.resource for each in subnets] == ["net-a", "net-b", "net-c"]
    instances = asked("{x: {resource_type: NetworkInterface, resources: [app, one]}}")
    assert [each.resource for each in instances] == ["app-a", "app-c", "one"]


@pytest.mark.parametrize(
    "text", ['"${srcaddr} ${action}"', "srcaddr action", "[srcaddr, action]", '["${srcaddr}", action]']
)
def test_a_format_is_a_list_or_cloudformations_string(text: str) -> None:
    (log,) = asked(f"{{x: {{log_format: {text}}}}}")
    assert log.log_format == ("srcaddr", "action")


@pytest.mark.parametrize("text", ["60 s", "1 min", "600 s", "10 min"])
def test_an_interval_is_one_minute_or_ten(text: str) -> None:
    (log,) = asked(f"{{x: {{max_aggregation_interval: {text}}}}}")
    assert log.max_aggregation_interval_ns == (60 if text in ("60 s", "1 min") else 600) * 1_000_000_000


def test_in_python() -> None:
    written = Topology(region="eu-west-1", zones=["a"])
    vpc = written.vpc("main", cidr_block="10.0.0.0/16")
    vpc.subnet("net", cidr_block="10.0.1.0/24")
    vpc.flow_log("net", resource_type="Subnet", resources="net", traffic_type="REJECT")
    log = written.plan().requests[-1]
    assert isinstance(log, CreateFlowLogs) and (log.resource, log.traffic_type) == ("net", "REJECT")


WRONG = {
    "{x: {resource_type: Subnet}}": "flow log x lacks resources; name subnets of main",
    "{x: {resource_type: NetworkInterface, resources: []}}": "flow log x lacks resources; name instances of main",
    "{x: {resources: net-a}}": "a VPC's flow log watches all of main",
    "{x: {resource_type: Subnet, resources: nit}}": "no subnet 'nit'",
    "{x: {resource_type: NetworkInterface, resources: net}}": "no instance 'net'",
    "{x: {resource_type: Vpc}}": "resource_type 'Vpc' is unknown",
    "{x: {traffic_type: DENY}}": "traffic_type 'DENY' is unknown; there are ACCEPT, REJECT, ALL",
    "{x: {max_aggregation_interval: 61 s}}": "max_aggregation_interval cannot be 61 s; AWS has 60 s and 600 s",
    "{x: {max_aggregation_interval: 60}}": "max_aggregation_interval 60 lacks a unit; write 60 s",
    "{x: {log_format: [srcadr]}}": "flow logs have no field 'srcadr'. Did you mean srcaddr?",
    '{x: {log_format: "${srcaddr} ${srcaddr}"}}': "'srcaddr' is here twice",
    "{x: {log_format: []}}": "log_format is empty; leave it out for AWS's default",
    "{x: {log_format: {a: b}}}": "log_format needs a list, not a map",
    "{x: {log_group_name: y}}": "flow log has no 'log_group_name'",
}


@pytest.mark.parametrize("text", list(WRONG))
def test_what_is_wrong_is_said_where_it_is(text: str) -> None:
    told = said_of(MAIN + text).replace("\n    ", "; ")
    assert told.startswith("a.yaml:13:") and WRONG[text].partition(";")[0] in told
    assert all(part.strip() in told for part in WRONG[text].split(";"))
