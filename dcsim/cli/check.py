"""`dcsim check`: every problem of a file, also those only the control plane and the plant can see."""

import sys
from pathlib import Path

import orjson

from dcsim.cli import status
from dcsim.cli.explain import explain_refusal, shown
from dcsim.problem import Problem, Refused
from dcsim.scenario.load import kind_of, load_scenario
from dcsim.scenario.play import stage
from dcsim.topology.load import load
from dcsim.topology.words import plural
from dcsim.world import World, build


def check(file: Path, as_json: bool) -> int:
    try:
        summary, warnings = _check(file)
    except Refused as refused:
        if not as_json:
            sys.stderr.write(explain_refusal(refused))
        else:
            _write_json(refused.problems)
        return status.INPUT
    if as_json:
        _write_json(warnings)
    else:
        sys.stdout.write(shown(warnings) + summary + "\n")
    return status.YES


def _check(file: Path) -> tuple[str, tuple[Problem, ...]]:
    if kind_of(file) == "topology":
        plan = load(file)
        return f"{plan.name} is right: {_contents(build(plan))}", plan.warnings
    scenario = load_scenario(file)
    world = stage(scenario, scenario.seed).world
    parts = (plural(len(scenario.probes), "probe"), plural(len(scenario.expectations), "expectation"))
    return f"{scenario.name} is right: {', '.join(parts)}; {_contents(world)}", scenario.warnings


def _contents(world: World) -> str:
    vpcs = world.control.vpcs.values()
    counts = (
        plural(len(world.plan.zones), "zone"),
        plural(len(vpcs), "VPC"),
        plural(sum(len(vpc.subnets) for vpc in vpcs), "subnet"),
        plural(len(world.guests), "guest"),
    )
    return ", ".join(counts)


def _write_json(problems: tuple[Problem, ...]) -> None:
    rows = [
        {
            "file": problem.mark.file,
            "line": problem.mark.line,
            "column": problem.mark.column,
            "code": problem.code,
            "message": problem.message,
            "advice": problem.advice,
            "warning": problem.warning,
        }
        for problem in problems
    ]
    sys.stdout.buffer.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2) + b"\n")
