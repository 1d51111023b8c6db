"""Whatever is in a file: a plan, or problems with a place in the file. Nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dcsim.problem import Refused, render
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of, shipped_directory
from dcsim.topology.source import lines_of

from .files import HEAD
from .test_expand import EVERYTHING

SEEDS = [
    (shipped_directory() / "two-az.yaml").read_bytes(),
    (HEAD + EVERYTHING).encode(),
]
# YAML's own punctuation, line breaks of several kinds, and this file format's words.
PUNCTUATION = list("[]{}:,-&*!|>'\"#%@?~\n\t\r\x85\u2028\ufeffé")
PHRASES = ["<<:", "->", "<->", "...", "---", "!Ref", "&x", "*x", "5 ms", "1-2", "-1", "99999999999999999999", "null"]
KEYWORDS = [
    "per_zone",
    "true",
    "main",
    "default",
    "net",
    "0.0.0.0/0",
    "count",
    "from",
    "to",
    "icmp",
    "shop-data",
    "shop/app",
    "igw",
    "elastic_ip",
    "internet",
    "internet_gateway",
    "198.18.0.10",
    "map_public_ip_on_launch",
]
WORDS = [word.encode() for word in PUNCTUATION + PHRASES + KEYWORDS]
THOROUGHLY = settings(max_examples=2000, deadline=None, derandomize=True)


def check_answer(data: bytes) -> None:
    try:
        plan = plan_of(data, "a.yaml", "a")
    except Refused as refused:
        lines = lines_of(data)
        for problem in refused.problems:
            mark = problem.mark
            assert mark.file == "a.yaml"
            if mark.line == 0:
                assert problem.message.startswith("this is a "), "only another kind of file is refused as a whole"
                continue
            assert 1 <= mark.line <= max(1, len(lines))
            width = len(lines[mark.line - 1]) if lines else 0
            assert 1 <= mark.column <= width + 1, (problem, lines)
            assert mark.column < mark.end_column
            assert render(problem, lines).isprintable() or "\n" in render(problem, lines)
        assert len(set(refused.problems)) == len(refused.problems)
        return
    assert plan_of(expanded(plan).encode(), "b.yaml", "a") == plan


@THOROUGHLY
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    check_answer(data)


@THOROUGHLY
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    check_answer(text.encode("utf-8", "surrogatepass"))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good file with a few pieces cut, doubled, moved or replaced."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 12)))
        other = draw(st.integers(0, len(data)))
        piece = draw(
            st.one_of(
                st.sampled_from(WORDS),
                st.just(data[other : other + end - start]),
                st.just(data[start:end] * 2),
                st.binary(max_size=3),
            )
        )
        data = data[:start] + piece + data[end:]
    return data


@settings(THOROUGHLY, max_examples=4000)
@given(mutated())
def test_nearly_good_files(data: bytes) -> None:
    check_answer(data)


@settings(THOROUGHLY, max_examples=1000)
@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_yamls_own_words(words: list[bytes]) -> None:
    check_answer(b" ".join(words))


def test_the_seeds_are_good() -> None:
    for data in SEEDS:
        plan_of(data, "a.yaml", "a")
