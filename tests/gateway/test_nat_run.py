"""A run with one NAT gateway for two zones, when its zone goes dark: what the run's directory tells."""

import json
from pathlib import Path

import pytest
from observe.shark import bad_packets, needs_tshark, shark
from typer.testing import CliRunner

from dcsim.cli.app import app
from dcsim.topology.load import shipped_directory

SCENARIO = """
version: 1
topology: one.yaml
duration: 40 s
seed: 7
capture: all
probes:
  out: {ping: mirror, from: app-b, every: 200 ms, timeout: 1 s}
timeline:
  outage: {at: 10 s, duration: 10 s, action: power-off, target: zone a}
expect:
  - out.loss == 0 % before outage
  - out.loss == 100 % during outage
  - out.rto <= 12 s
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run twice: the second time compares the bytes with the first."""
    directory = tmp_path_factory.mktemp("one")
    text = (shipped_directory() / "public-private-nat.yaml").read_text("utf-8")
    trap = text.replace("nat: {per_zone: true, subnet: public}", "nat: {subnet: public-a, elastic_ip: 198.18.0.77}")
    assert trap != text
    (directory / "one.yaml").write_text(trap, "utf-8")
    (directory / "s.yaml").write_text(SCENARIO, "utf-8")
    for ending in ("", "same bytes as before"):
        said = CliRunner().invoke(app, ["run", str(directory / "s.yaml"), "--out", str(directory / "run")])
        assert (said.exit_code, ending in said.output) == (0, True), said.output
        assert "nat is in zone a, private-b is not: without zone a it has no such way (warning)" in said.output
    return directory / "run"


def test_the_other_zone_loses_the_internet_and_finds_it_again(run: Path) -> None:
    summary = json.loads((run / "summary.json").read_text("utf-8"))
    assert [each["holds"] for each in summary["expectations"]] == [True, True, True]
    counts = summary["nat_gateways"]["shop/nat"]
    answered = counts["packets_out_to_source"]
    assert counts["packets_in_from_source"] == counts["packets_in_from_destination"] == answered
    windows = [each for name, each in summary["probes"]["out"]["windows"].items() if "outage" in name]
    sent, lost = (sum(each[what] for each in windows) for what in ("sent", "lost"))
    assert (answered, lost) == (sent - lost, 55)
    assert "nat" not in summary["guests"]
    lost_power = [
        json.loads(line) for line in (run / "events.jsonl").read_text("utf-8").splitlines() if "power" in line
    ]
    assert any(each.get("guests") == ["nat"] for each in lost_power)


@needs_tshark
def test_its_capture_is_sound(run: Path) -> None:
    capture = (run / "capture.pcapng").read_bytes()
    assert bad_packets(capture) == []
    ends = {tuple(row) for row in shark(capture, "ip.src", "ip.dst", keep='frame.interface_name == "nat" && icmp')}
    app, nat, mirror = "10.0.11.4", "10.0.0.5", "198.51.100.7"
    assert ends == {(app, mirror), (nat, mirror), (mirror, nat), (mirror, app)}
    seen = {row[0] for row in shark(capture, "ip.src", keep='frame.interface_name == "mirror" && icmp.type == 8')}
    assert seen == {"198.18.0.77"}
