"""`dcsim run`: progress while it runs, then the table, the expectations, and where the run lies."""

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from time import perf_counter

import orjson
from rich.console import Console

from dcsim.cli import status
from dcsim.cli.explain import shown
from dcsim.cli.loading import command_line, why
from dcsim.cli.progress import progress_on
from dcsim.cli.terminal import width_of
from dcsim.observe.rundir import SUMMARY, Differs
from dcsim.observe.verdict import Verdict
from dcsim.problem import Mistake, with_advice
from dcsim.report.table import coloured, columns, report, tally
from dcsim.request import RunInstances
from dcsim.run import Ran
from dcsim.run import run as run_scenario
from dcsim.scenario.load import kind_of, load_scenario
from dcsim.scenario.scenario import Scenario
from dcsim.topology.quantity import format_duration

EXIT: dict[Verdict, int] = {"pass": status.YES, "fail": status.NO, "stopped": status.STOPPED}


def run(file: Path, seed: int | None, out: Path | None, as_json: bool, quiet: bool) -> int:
    if kind_of(file) == "topology":
        raise command_line(f"{file} is a topology", "run a scenario, or try dcsim ping and dcsim trace")
    scenario = load_scenario(file)
    sys.stderr.write(shown(scenario.warnings))
    seed = scenario.seed if seed is None else seed

    def begun() -> None:
        if not as_json:
            sys.stdout.write(f"{scenario.topology.name}, seed {seed}, {format_duration(scenario.duration_ns)}\n")
            sys.stdout.flush()

    begin = perf_counter()
    try:
        with progress_on(scenario.duration_ns, hidden=quiet or as_json) as progress:
            ran = run_scenario(scenario, seed, out, progress, begun)
    except Mistake as mistake:
        raise command_line(mistake.message, mistake.advice) from None
    except Differs as differs:
        sys.stderr.write(f"{differs}. Please report it, with that directory.\n")
        return status.BUG
    _tell(file, scenario, ran, perf_counter() - begin, as_json)
    return EXIT[ran.verdict]


def _tell(file: Path, scenario: Scenario, ran: Ran, wall_s: float, as_json: bool) -> None:
    if as_json:
        summary = orjson.loads((ran.directory / SUMMARY).read_bytes())
        document = {"directory": str(ran.directory), **summary}
        sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
        return
    spans = columns(scenario.timeline, scenario.duration_ns)
    text = "\n" + report(ran.records, spans, ran.judged, width_of(sys.stdout))
    Console(highlight=False, soft_wrap=True).print(coloured(text), end="")
    sys.stdout.write("".join(f"{line}\n" for line in chain(_refused(ran), _why(file, scenario, ran))))
    held = f"{tally(ran.judged)}  " if ran.judged else ""
    took = f"{format_duration(ran.simulated_ns)} in {wall_s:.1f} s"
    same = ", same bytes as before" if ran.repeated else ""
    sys.stdout.write(f"{held}{ran.directory}  {took}{same}\n")


def _refused(ran: Ran) -> Iterator[str]:
    for called in ran.refused:
        assert called.refused is not None, "these were"
        reason = with_advice(f"{called.refused.code}: {called.refused.message}", called.refused.advice)
        yield f"{called.entry.name} was refused at {format_duration(called.entry.start_ns)}: {reason}"


def _why(file: Path, scenario: Scenario, ran: Ran) -> Iterator[str]:
    """Of each probe that never had an answer."""
    names = Counter(request.name for request in scenario.topology.requests if isinstance(request, RunInstances))
    for probe in scenario.probes:
        if probe.name in ran.losses:
            source, target = (
                each.name if names[each.name] == 1 else f"{each.vpc}/{each.name}"
                for each in (probe.source, probe.target)
            )
            yield why(ran.losses[probe.name], file, source, target, probe.ipv6)
