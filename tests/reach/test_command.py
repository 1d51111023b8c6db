"""`dcsim reach`: what it prints, and its exit status."""

import json
from pathlib import Path

import pytest
from shell.seat import ROOT
from typer.testing import CliRunner, Result

from dcsim.cli.app import app

from .region import THREE_TIER


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.yaml").write_text(THREE_TIER, "utf-8")


def reach(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["reach", *arguments])


def test_the_matrix() -> None:
    assert reach("two-az.yaml").output == "       left  right\nleft   .     icmp\nright  icmp  .\n"


def test_a_larger_matrix() -> None:
    lines = reach("shop.yaml").output.splitlines()
    assert lines[0].split() == ["app-a-1", "app-a-2", "app-b-1", "app-b-2", "db-a", "db-b", "bastion"]
    assert [" ".join(line.split()) for line in lines[1:]] == [
        "app-a-1 . tcp 8080 tcp 8080 tcp 8080 tcp 5432 tcp 5432 -",
        "app-a-2 tcp 8080 . tcp 8080 tcp 8080 tcp 5432 tcp 5432 -",
        "app-b-1 tcp 8080 tcp 8080 . tcp 8080 tcp 5432 tcp 5432 -",
        "app-b-2 tcp 8080 tcp 8080 tcp 8080 . tcp 5432 tcp 5432 -",
        "db-a - - - - . - -",
        "db-b - - - - - . -",
        "bastion tcp 22 tcp 22 tcp 22 tcp 22 - - .",
    ]


def test_the_matrix_for_programs() -> None:
    document = json.loads(reach("two-az.yaml", "--json").output)
    assert document == {
        "guests": ["left", "right"],
        "cells": [
            {"from": "left", "to": "right", "reaches": "icmp"},
            {"from": "right", "to": "left", "reaches": "icmp"},
        ],
    }


def test_assertions_that_hold() -> None:
    said = reach("two-az.yaml", "--assert", "two-az.reach.yaml")
    assert said.exit_code == 0
    assert said.output.splitlines() == [
        "ok  left reaches right on icmp",
        "ok  right reaches left on icmp",
        "ok  left never reaches right on tcp 22",
        "3 of 3 hold",
    ]
    assert reach("two-az.yaml", "two-az.reach.yaml").output == said.output


def test_assertions_that_do_not_hold_say_why() -> None:
    Path("r.yaml").write_text(
        "- app reaches db on tcp 5432\n- all app-* reach bastion on tcp 22\n- app-a-1 never reaches db-b\n", "utf-8"
    )
    said = reach("shop.yaml", "--assert", "r.yaml")
    assert said.exit_code == 1
    assert said.output.splitlines() == [
        "ok  app reaches db on tcp 5432",
        "no  all app-* reach bastion on tcp 22",
        "    app-a-1 -> bastion tcp 22: sg bastion allows only: nothing",
        "    would take: tcp 22 from app",
        "    app-a-2 -> bastion tcp 22: sg bastion allows only: nothing",
        "    would take: tcp 22 from app",
        "    app-b-1 -> bastion tcp 22: sg bastion allows only: nothing",
        "    would take: tcp 22 from app",
        "    and 1 more pair",
        "no  app-a-1 never reaches db-b",
        "    app-a-1 -> db-b tcp 5432 passes: sg db tcp 5432 from app (shop.yaml:16)",
        "1 of 3 hold",
    ]


def test_assertions_for_programs() -> None:
    Path("r.yaml").write_text("- bastion reaches app-a-1 on tcp 80\n", "utf-8")
    said = reach("shop.yaml", "r.yaml", "--json")
    assert said.exit_code == 1
    (judged,) = json.loads(said.output)
    assert (judged["text"], judged["at"], judged["holds"]) == ("bastion reaches app-a-1 on tcp 80", "r.yaml:1", False)
    (answer,) = judged["against"]
    (decided,) = answer["decided"]
    assert (answer["from"], answer["to"], answer["traffic"], answer["reachable"]) == (
        "bastion",
        "app-a-1",
        "tcp 80",
        False,
    )
    assert (decided["component"], decided["explanationCode"], decided["advice"]) == (
        "sg app",
        "ENI_SG_RULES_MISMATCH",
        "tcp 80 from bastion",
    )


def test_a_bad_file_is_refused_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    from dcsim.cli import main

    Path("r.yaml").write_text("- lft reaches right\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        patch.setattr("sys.argv", ["dcsim", "reach", "two-az.yaml", "r.yaml"])
        main()
    assert end.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        "r.yaml:1:3: no guest 'lft'; there are left, right. Did you mean left?",
        " 1 | - lft reaches right",
        "   |   ^^^",
        "1 error",
    ]


def test_a_region_without_guests_reaches_nothing() -> None:
    Path("empty.yaml").write_text("version: 1\nregion: eu-west-1\nzones: [a]\n", "utf-8")
    said = reach("empty.yaml")
    assert (said.exit_code, said.output) == (0, "no guests\n")


def test_the_readme_shows_it() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for line in ("dcsim reach two-az.yaml", "dcsim reach two-az.yaml --assert two-az.reach.yaml"):
        assert f"$ {line}\n{reach(*line.split()[2:]).output}" in readme


def test_what_ships_holds() -> None:
    for path in sorted((ROOT / "topologies").glob("*.reach.yaml")):
        topology = path.name.replace(".reach.yaml", ".yaml")
        assert reach(topology, str(path)).exit_code == 0
