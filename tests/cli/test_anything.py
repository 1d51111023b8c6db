"""Whatever is in a file, `check` answers yes or says what is wrong: it is never our bug."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcsim.topology.load import shipped_directory

from .desk import Desk
from .test_trace import SHOP

SCENARIO = """\
version: 1
topology: shop.yaml
duration: 2 min
seed: 3
capture: all
probes:
  a: {ping: db-b, from: web-a, every: 100 ms, timeout: 500 ms}
  b: {ping: shop/fw, from: db-a, size: 1 KB}
timeline:
  one: {at: 1 s, duration: 10 s, action: impair, target: a -> b, loss: 3 %, jitter: 1 ms}
  two: {after: one, duration: 10 s, action: link-down, target: a/r1/h1 <-> a/r1}
  three: {after: two, action: power-off, target: host of db-b}
  four: {at: 3 s, duration: 1 s, action: power-off, target: rack b/r1}
  five: {at: 3 s, action: link-down, target: spine-a1 -> core-a}
expect: [a.p99 <= 3 ms during one, b.rto < 1 min, a.loss == 0 % before two]
"""
EXTRAS = """\
links:
  spine-a1 <-> core-a: {loss: 1 %, rate: 1 Gbit}
  a/r1/h2 -> a/r1: {delay: 20 us, limit: 1000}
  a -> b: {duplicate: 0.1 %, reorder: 1 %, corrupt: 1 %}
"""
RICH = (
    SHOP.replace("links: {a <-> b: {delay: 0.3 ms}}\n", EXTRAS)
    + """\
      box: {per_zone: {b: {instance_type: m5.large, boot: 3 s}}, subnet: back, count: 3, image: agent}
      one: {subnet: front-b, private_ip_address: 10.0.2.9, frequency: 2 GHz, source_dest_check: true}
"""
)
SEEDS = [
    ("shop.yaml", SHOP.encode()),
    ("s.yaml", SCENARIO.encode()),
    ("rich.yaml", RICH.encode()),
    *((name, (shipped_directory() / name).read_bytes()) for name in ("two-az.yaml", "az-outage.yaml")),
]
WORDS = [
    word.encode()
    for word in [*"[]{}:,-&*!|>'\"#%\n\t0123456789ab", "->", "<->", "zone", "host of", "per_zone", "true", "count",
                 "main", "default", "agent", "sg-", "/0", "/8", "/16", "/28", "/32", "10.0.1", "169.254.1.0/24",
                 "all", "icmp", "tcp", "from", "to", "deny", "32766", "99999999999999999999", "1 ns", "1 day", "100 %",
                 "private_ip_address: ", "image: ", "instance_type: x.64xlarge", "spine-a9", "core-b", "a/r1", "/h3",
                 "power domain", "datacenter", "shop", "web", "rt", "..", "/dev/null", "<<:"]
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """A good file with a few pieces cut, doubled, moved or replaced."""
    name, data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 8)))
        other = draw(st.integers(0, len(data)))
        moved = st.just(data[other : other + draw(st.integers(0, 40))])
        piece = draw(st.one_of(st.sampled_from(WORDS), moved, st.just(data[start:end] * 2)))
        data = data[:start] + piece + data[end:]
    return name, data


@settings(
    max_examples=1500,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(mutated())
def test_nearly_good_files(desk: Desk, file: tuple[str, bytes]) -> None:
    for name, data in SEEDS:
        (desk.path / name).write_bytes(data)
    name, data = file
    (desk.path / name).write_bytes(data)
    said = desk.dcsim("check", name)
    assert said.status in (0, 2), said.err
    if said.status == 0:
        assert " is right: " in said.out and said.err == ""
    else:
        assert said.out == "" and said.err.endswith((" error\n", " errors\n"))
        assert "bug" not in said.err.splitlines()[0]


def test_the_seeds_are_good(desk: Desk) -> None:
    for name, data in SEEDS:
        (desk.path / name).write_bytes(data)
    assert [desk.dcsim("check", name).status for name, _ in SEEDS] == [0] * len(SEEDS)
