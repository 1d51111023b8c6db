"""A scenario from file to run directory: played, watched, judged, laid down."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dcsim.observe.capture import Capture
from dcsim.observe.events import EventLog
from dcsim.observe.inputs import Inputs
from dcsim.observe.losses import Loss, Losses
from dcsim.observe.probe import ProbeRecord
from dcsim.observe.rundir import CAPTURE, EVENTS, FLOW_LOGS, SUMMARY, default_name, digest_of, run_directory
from dcsim.observe.summary import Result, summary, written
from dcsim.observe.verdict import Judged, Verdict, judge, verdict
from dcsim.request import RunInstances
from dcsim.scenario.play import Play, Progress, stage
from dcsim.scenario.scenario import Called, Scenario
from dcsim.topology.plan import InputFile, Outsider
from dcsim.topology.schema import SHIPPED_IMAGES
from hypervisor.machine.machine import Machine

RUNS = Path("runs")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended, and where it lies."""

    directory: Path
    records: tuple[ProbeRecord, ...]
    judged: tuple[Judged, ...]
    verdict: Verdict
    simulated_ns: int
    repeated: bool
    """The same run lay there already, and was compared."""
    refused: tuple[Called, ...]
    """Calls of the timeline that changed nothing."""
    losses: Mapping[str, Loss]
    """By probe that never had an answer: what became of most of its packets."""


def run(
    scenario: Scenario, seed: int, out: Path | None, progress: Progress, begun: Callable[[], None] = lambda: None
) -> Ran:
    """Refused when the scenario cannot be built, Mistake when `out` cannot be written, Differs when it is our bug.

    `begun` is called when nothing is refused any more.
    """
    play = stage(scenario, seed)
    inputs = Inputs((*scenario.files, *_own_images(scenario)), {"seed": seed}, _images(play))
    directory = out or RUNS / default_name(scenario.name, seed, inputs.sha256)
    with run_directory(directory, inputs) as folder, _breaking_off(play):
        repeated = digest_of(directory) is not None
        begun()
        losses = _watch_losses(play)
        events = _watch_and_run(play, folder, progress)
        records = tuple(_record(play, probe.name, probe.every_ns) for probe in scenario.probes)
        by_name = {record.name: record for record in records}
        judged = tuple(
            judge(expectation, by_name, scenario.timeline, scenario.duration_ns)
            for expectation in scenario.expectations
        )
        plan = play.world.plan
        play.world.flow_logs.write(folder / FLOW_LOGS, plan.region, plan.start_ns, play.world.clock.now)
        result = Result(
            inputs_sha256=inputs.sha256,
            simulated_ns=scenario.duration_ns,
            events=events,
            verdict=verdict(judged),
            judged=judged,
            timeline=scenario.timeline,
            probes=records,
            targets=play.targets,
            calls=play.calls,
        )
        (folder / SUMMARY).write_bytes(written(summary(play.world, result)))
    never = {record.name for record in records if record.samples and not record.answered}
    lost = {name: each.most for name, each in losses.items() if name in never}
    refused = tuple(called for called in play.calls if called.refused is not None)
    return Ran(directory, records, judged, result.verdict, scenario.duration_ns, repeated, refused, lost)


@contextmanager
def _breaking_off(play: Play) -> Iterator[None]:
    """Whoever ends a run early learns how far it was."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as error:
        error.add_note(f"at {clock_time(play.world.clock.now)}, nothing kept")
        raise


def clock_time(ns: int) -> str:
    """`1:31`: minutes and seconds."""
    minutes, seconds = divmod(ns // 1_000_000_000, 60)
    return f"{minutes}:{seconds:02}"


def _watch_losses(play: Play) -> dict[str, Losses]:
    guests = play.world.guests
    pairs = {probe: (guests[probe.source], guests[probe.target]) for probe in play.scenario.probes}
    asked = {probe: play.world.address_for(*ends, probe.ipv6) for probe, ends in pairs.items()}
    return {
        probe.name: Losses(play.world.ledger, source.placed.interface, asked[probe])
        for probe, (source, _) in pairs.items()
    }


def _watch_and_run(play: Play, folder: Path, progress: Progress) -> int:
    """Play to the end with everything noted down; returns how many events were."""
    world, scenario = play.world, play.scenario
    pairs = [(world.guests[probe.source], world.guests[probe.target]) for probe in scenario.probes]
    boundaries = [moment for entry in scenario.timeline for moment in (entry.start_ns, entry.end_ns)]
    with (folder / CAPTURE).open("wb") as packets, (folder / EVENTS).open("wb") as lines:
        comment = f"{scenario.name}, seed {play.seed}"
        capture = Capture(world, packets, scenario.capture, pairs, boundaries, comment)
        log = EventLog(lines)
        world.listeners.append(log)
        play.run(progress)
        capture.close()
    return log.count


def _record(play: Play, probe: str, every_ns: int) -> ProbeRecord:
    record = ProbeRecord(probe, every_ns)
    for answer in play.answers(probe):
        record.add(answer.sequence, answer.sent_ns, answer.rtt_ns)
    return record


def _own_images(scenario: Scenario) -> Iterator[InputFile]:
    """The images that do not come with dcsim, each once: without them nobody could play the run again."""
    plan = scenario.topology
    asking: list[RunInstances | Outsider] = [each for each in plan.requests if isinstance(each, RunInstances)]
    asking += plan.internet.instances
    named = dict.fromkeys(
        (each.image, Path(each.mark.file).parent)
        for each in asking
        if each.image is not None and each.image not in SHIPPED_IMAGES
    )
    contents = {(directory / name).read_bytes(): name for name, directory in named}
    for data, name in contents.items():
        yield InputFile(name, data)


def _images(play: Play) -> dict[str, str]:
    """The digests of the images that guests run, by guest: two files may share a name."""
    machines = {play.world.full_name(guest): guest.instance.guest for guest in play.world}
    return {name: machine.image.digest for name, machine in machines.items() if isinstance(machine, Machine)}
