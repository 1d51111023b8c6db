"""CreateFlowLogs by its name, while the simulation runs."""

import pytest

from dcsim.topology.python import Value

from .desk import Desk

SHORT = "${pkt-srcaddr} ${dstport} ${action}"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("resource_type", "resource"), [("VPC", "shop"), ("Subnet", "shop/public-a"), ("NetworkInterface", "web-a")]
)
def test_a_flow_log_begins_when_it_is_called_for(desk: Desk, resource_type: str, resource: str) -> None:
    desk.fate("web-a", "10.0.1.4")
    made = desk.ask("CreateFlowLogs", name="late", resource_type=resource_type, resource=resource, log_format=SHORT)
    log = desk.world.control.flow_logs[made]
    assert made.startswith("fl-") and desk.world.flow_logs.lines(log, desk.clock.now) == []
    desk.fate("web-a", "10.0.1.4")
    assert f"{desk['web-a'].ip} 9 ACCEPT" in desk.world.flow_logs.lines(log, desk.clock.now)


WRONG: dict[str, dict[str, Value]] = {
    "InvalidSubnetID.NotFound": {"resource_type": "Subnet", "resource": "pubic-a"},
    "resource_type 'subnet' is unknown": {"resource_type": "subnet", "resource": "public-a"},
    "InvalidParameterValue: log_format is empty; leave it out": {"log_format": []},
    "flow logs have no field 'srcadr'. Did you mean srcaddr?": {"log_format": "srcadr"},
    "max_aggregation_interval cannot be 5 s. AWS has 60 s and 600 s": {"max_aggregation_interval": "5 s"},
}


@pytest.mark.parametrize("said", list(WRONG))
def test_what_is_wrong_with_it(desk: Desk, said: str) -> None:
    whole: dict[str, Value] = {"name": "x", "resource_type": "VPC", "resource": "shop"}
    assert desk.refusal("CreateFlowLogs", **{**whole, **WRONG[said]}).startswith(said)


def test_the_same_twice(desk: Desk) -> None:
    for_all = {"resource_type": "VPC", "resource": "shop"}
    desk.ask("CreateFlowLogs", name="one", **for_all)
    assert desk.refusal("CreateFlowLogs", name="two", **for_all).startswith("FlowLogAlreadyExists: one writes the same")
