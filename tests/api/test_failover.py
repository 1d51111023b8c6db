"""The failover that ships, run as users run it: what was lost, when, and what the control plane was asked."""

import json
from pathlib import Path

from typer.testing import CliRunner

from dcsim.cli.app import app
from dcsim.topology.load import shipped_directory

S = 1_000_000_000


def test_traffic_comes_back_when_it_is_led_to_the_other_zone(tmp_path: Path) -> None:
    directory = tmp_path / "run"
    said = CliRunner().invoke(
        app, ["run", str(shipped_directory() / "failover.yaml"), "--quiet", "--out", str(directory)]
    )
    assert said.exit_code == 0, said.output
    assert "7 of 7 hold" in said.output
    summary = json.loads((directory / "summary.json").read_text("utf-8"))
    assert [(each["entry"], each["t_ns"], each["verb"], each["error"]) for each in summary["calls"]] == [
        ("address", 60 * S, "AssociateAddress", None),
        ("way-out", 60 * S, "ReplaceRoute", None),
    ]
    # A call is heard of 100 ms later: the request in between is the last that is lost.
    for probe in ("shop", "updates"):
        windows = summary["probes"][probe]["windows"]
        lost = [windows[name]["lost"] for name in ("before outage", "during outage", "after address", "after outage")]
        assert lost == [0, 301, 1, 0], probe
