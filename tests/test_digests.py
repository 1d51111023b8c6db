"""Same inputs, same bytes: whatever the hash seed, the Python, and the way instructions are counted.

`python tests/test_digests.py` writes tests/journeys/golden.json anew, for when a change of bytes is meant.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).resolve().parent.parent
AZ_OUTAGE = ROOT / "topologies" / "az-outage.yaml"
FAILOVER = ROOT / "topologies" / "failover.yaml"
STORM = ROOT / "tests" / "journeys" / "storm.yaml"
GOLDEN = ROOT / "tests" / "journeys" / "golden.json"
ARTIFACTS = ("summary.json", "events.jsonl", "capture.pcapng")
NATIVE, FALLBACK = "native", "fallback"

# In a process of its own.


def play(scenario: str, seed: str, out: str, counting: str) -> None:
    """Run as `dcsim run` does. The fallback is what a host gets whose pages cannot be both written and executed."""
    sys.path.insert(0, str(ROOT))
    from dcsim.run import run
    from dcsim.scenario.load import load_scenario
    from hypervisor.machine import hook

    if counting == FALLBACK:
        hook._native_address = lambda: None  # type: ignore[assignment]
        assert not hook.has_native_hook()
    run(load_scenario(scenario), int(seed), Path(out), lambda now, doing: None)


def start(scenario: Path, out: Path, seed: int = 7, hash_seed: str = "0", counting: str = NATIVE) -> Callable[[], Path]:
    """The run goes on by itself; call the answer to wait for it."""
    command = [sys.executable, __file__, str(scenario), str(seed), str(out), counting]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)

    def wait() -> Path:
        _, said = process.communicate()
        assert process.returncode == 0, said
        return out

    return wait


def digests(run: Path) -> dict[str, str]:
    """Of the three artifacts; without the inputs' own digest, which knows libraries' versions and dcsim's sources."""
    return {name: sha256(content(run / name)).hexdigest() for name in ARTIFACTS}


def content(path: Path) -> bytes:
    if path.name != "summary.json":
        return path.read_bytes()
    summary = json.loads(path.read_bytes())
    assert len(summary.pop("inputs_sha256")) == 64
    return json.dumps(summary).encode()


def write_golden() -> None:
    with TemporaryDirectory() as directory:
        run = start(AZ_OUTAGE, Path(directory, "run"))()
        GOLDEN.write_text(json.dumps(digests(run), indent=2) + "\n", "utf-8")


# What must be equal.


def test_az_outage_gives_the_bytes_it_always_gave(tmp_path: Path) -> None:
    """On every Python and every machine. If another outcome is meant: `python tests/test_digests.py`."""
    assert digests(start(AZ_OUTAGE, tmp_path / "run")()) == json.loads(GOLDEN.read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [AZ_OUTAGE, FAILOVER, STORM], ids=lambda path: path.stem)
def test_neither_hash_seed_nor_hook_changes_a_byte(scenario: Path, tmp_path: Path) -> None:
    runs = [start(scenario, tmp_path / seed, hash_seed=seed) for seed in ("0", "1", "4242")]
    runs.append(start(scenario, tmp_path / FALLBACK, counting=FALLBACK))
    first, *others = (wait() for wait in runs)
    for other in others:
        for name in ARTIFACTS:
            assert content(other / name) == content(first / name), f"{name} of {other.name}"
    assert all(len(content(first / name)) > 500 for name in ARTIFACTS)


# What must differ.


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    """Not in what comments say alone: other transaction ids, another phase of the probe, other ways in the fabric."""
    from observe.reader import read

    waits = [start(AZ_OUTAGE, tmp_path / str(seed), seed) for seed in (7, 8)]
    seven, eight = (read((wait() / "capture.pcapng").read_bytes()).packets for wait in waits)
    stripped = [[(each.place, each.unix_ns, each.data) for each in packets] for packets in (seven, eight)]
    assert stripped[0] != stripped[1]

    def transactions(packets: list[tuple[str, int, bytes]]) -> dict[str, bytes]:
        """The id of each guest's first DHCP message: 4 octets into BOOTP, behind 42 octets of headers."""
        return {place: data[46:50] for place, _, data in reversed(packets) if data[34:38] == b"\0\x44\0\x43"}

    def phase(packets: list[tuple[str, int, bytes]]) -> int:
        """When the first echo request left, within the 100 ms between two."""
        return next(time for place, time, data in packets if place == "left" and data[34:35] == b"\x08") % 100_000_000

    one, other = (transactions(packets) for packets in stripped)
    assert one.keys() == other.keys() == {"left", "right"}
    assert len({*one.values(), *other.values()}) == 4
    assert phase(stripped[0]) != phase(stripped[1])
    assert ways(7) == ways(7)
    assert ways(7) != ways(8)


def ways(seed: int) -> list[str]:
    """The spine that each of 64 flows takes out of left's rack: every switch has its own salt."""
    from dcsim.topology.load import load
    from dcsim.world import build

    world = build(load(ROOT / "topologies" / "two-az.yaml"), seed)
    ends = world["left"].host.id, world["right"].host.id
    paths = [world.fabric.path(*ends, ends[0] << 48 | ends[1] << 16 | port) for port in range(49152, 49152 + 64)]
    taken = [path.legs[1].name for path in paths]
    assert set(taken) == {"a/r1/tor -> spine-a1", "a/r1/tor -> spine-a2"}
    return taken


if __name__ == "__main__":
    if sys.argv[1:]:
        play(*sys.argv[1:])
    else:
        write_golden()
