"""Whatever is in a scenario file: a scenario, or problems with a place in the file. Nothing else."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcsim.problem import Refused
from dcsim.scenario.load import load_scenario
from dcsim.topology.load import shipped_directory
from dcsim.topology.source import lines_of

from .desk import Desk

SEEDS = [
    (shipped_directory() / "az-outage.yaml").read_bytes(),
    b"""version: 1
topology: two-az.yaml
duration: 1 h
probes:
  a: {ping: main/right, from: left, size: 1 KB}
timeline:
  one: {at: 1 s, duration: 1 s, action: impair, target: a -> b, loss: 3 %}
  two: {after: one, duration: 1 min, action: link-down, target: a <-> b}
  three: {after: two, action: power-off, target: host of left}
expect: [a.p99 <= 3 ms during one, a.sent > 3]
""",
    b"""version: 1
topology: outside.yaml
duration: 1 min
probes:
  in: {ping: left, from: internet/customer}
  out: {ping: admin, from: left}
timeline:
  dark: {at: 1 s, action: power-off, target: host of left}
""",
]
OUTSIDE = b"""version: 1
region: r
zones: a
vpcs:
  m: {cidr_block: 10.0.0.0/16, subnets: {n: {cidr_block: 10.0.0.0/24}}, instances: {left: {subnet: n}}}
internet: {instances: [customer, admin]}
"""
WORDS = [
    word.encode()
    for word in [*"[]{}:,-&*!|>'\"#%\n\t\x85é", "->", "<->", "zone", "host of", "one", "after", "during", "for",
                 "5 ms", "0 s", "100 %", "==", "<=", "a.", "a.rto", "customer",
                 "internet/", "two-az.yaml", "/", "/dev/null", "\0", "null"]
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good file with a few pieces cut, doubled, moved or replaced."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 12)))
        other = draw(st.integers(0, len(data)))
        moved = st.just(data[other : other + end - start])
        piece = draw(st.one_of(st.sampled_from(WORDS), moved, st.just(data[start:end] * 2), st.binary(max_size=3)))
        data = data[:start] + piece + data[end:]
    return data


@settings(
    max_examples=3000,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=mutated())
def test_nearly_good_files(desk: Desk, data: bytes) -> None:
    (desk.path / "outside.yaml").write_bytes(OUTSIDE)
    (desk.path / "s.yaml").write_bytes(data)
    try:
        load_scenario("s.yaml")
    except Refused as refused:
        for problem in refused.problems:
            mark = problem.mark
            lines = lines_of(data)
            if mark.file == "s.yaml" and mark.line == 0:
                assert problem.message.startswith("this is a "), "only another kind of file is refused as a whole"
            elif mark.file == "s.yaml":
                assert 1 <= mark.line <= max(1, len(lines))
                assert 1 <= mark.column <= (len(lines[mark.line - 1]) if lines else 0) + 1
