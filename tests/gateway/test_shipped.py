"""What ships with peers and gateways, run as users run it: `dcsim run`, `dcsim reach`, `dcsim trace`."""

import json
from pathlib import Path

import pytest
from observe.shark import bad_packets, needs_tshark, shark
from typer.testing import CliRunner, Result

from dcsim.cli.app import app
from dcsim.problem import Refused
from dcsim.topology.load import plan_of, shipped_directory
from dcsim.world import build

SHIPPED = shipped_directory()


def dcsim(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    "name", ["dual-stack", "peering", "public", "public-private-nat", "standby", "transit-gateway"]
)
def test_its_assertions_hold(name: str) -> None:
    said = dcsim("reach", str(SHIPPED / f"{name}.yaml"), "--assert", str(SHIPPED / f"{name}.reach.yaml"))
    assert said.exit_code == 0, said.output
    sentences = (SHIPPED / f"{name}.reach.yaml").read_text("utf-8").count("\n- ")
    assert said.output.splitlines()[-1] == f"{sentences} of {sentences} hold"


def with_audit_at(block: str) -> None:
    text = (SHIPPED / "peering.yaml").read_text("utf-8")
    head, _, rest = text.partition("  audit:\n    cidr_block: 10.2.0.0/16\n")
    moved = rest.replace("cidr_block: 10.2.0.0/24", f"cidr_block: {block.replace('/20', '/24').replace('/16', '/24')}")
    # Its own peer's blocks are routed over the peering; what is its own now is not.
    moved = moved.replace(f"{block}: data-audit, ", "").replace(f", {block}: data-audit", "")
    build(plan_of(f"{head}  audit:\n    cidr_block: {block}\n{moved}".encode(), "p.yaml", "p"))


def test_the_traps_of_peering_are_as_its_comment_says() -> None:
    with pytest.raises(Refused, match="overlap, so their peering fails"):
        with_audit_at("10.1.128.0/20")
    with_audit_at("10.0.0.0/16")
    said = dcsim("trace", str(SHIPPED / "peering.yaml"), "app-a", "reports", "icmp")
    assert said.exit_code == 1
    assert "BLOCKED PCX_REQUIRES_ADDRESS_IN_VPC_CIDR" in said.output
    assert "peering leads to data's 10.1.0.0/16 only" in said.output


def test_names_from_outside_mean_public_addresses() -> None:
    said = dcsim("trace", str(SHIPPED / "public.yaml"), "admin", "bastion", "tcp", "22")
    assert said.exit_code == 0, said.output
    assert "198.18.0.10 is bastion" in said.output
    assert dcsim("trace", str(SHIPPED / "public.yaml"), "customer", "bastion", "tcp", "22").exit_code == 1


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("runs") / "run"
    said = dcsim("run", str(SHIPPED / "internet-outage.yaml"), "--quiet", "--out", str(directory))
    assert said.exit_code == 0, said.output
    return directory


def test_a_dark_zone_seen_from_the_internet(run: Path) -> None:
    summary = json.loads((run / "summary.json").read_text("utf-8"))
    windows = ("before outage", "during outage", "after outage")
    losses = {
        name: [probe["windows"][window]["lost"] for window in windows] for name, probe in summary["probes"].items()
    }
    assert losses == {"dark": [0, 600, 10], "light": [0, 0, 0]}


@needs_tshark
def test_its_capture_is_sound(run: Path) -> None:
    capture = (run / "capture.pcapng").read_bytes()
    assert bad_packets(capture) == []
    doors = {name for (name,) in shark(capture, "frame.interface_name")}
    assert {"customer", "web-a", "web-b"} <= doors
    silent = shark(
        capture,
        "frame.number",
        keep='frame.interface_name == "web-a" && frame.time_relative > 61 && frame.time_relative < 119',
    )
    assert silent == []
