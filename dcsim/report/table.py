"""A run's result for the terminal: one table a probe, one line an expectation. Plain text is the canonical form."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from dcsim.observe.probe import Figures, ProbeRecord
from dcsim.observe.verdict import Judged
from dcsim.scenario.expectation import UNITS, Measure, format_measured
from dcsim.scenario.scenario import Entry

if TYPE_CHECKING:
    from rich.text import Text

LABEL_WIDTH = 12
COLUMN_WIDTH = 11
"""At least; longer names make their column wider."""
GAP = 2
WIDTH = 80
"""Of the page, where nobody knows better."""
CUT = "..."
MEASURES: tuple[Measure, ...] = ("sent", "loss", "p50", "p99")


class Column(NamedTuple):
    """A span of the run in which the same timeline entries are on."""

    name: str
    start_ns: int
    end_ns: int


def columns(timeline: Sequence[Entry], duration_ns: int) -> list[Column]:
    """The run, cut wherever an entry begins or ends.

    One entry gives before, during and after; of several, each span is called by the entries that are on. The last
    call since then is named too.
    """
    moments = {0, duration_ns, *(moment for entry in timeline for moment in (entry.start_ns, entry.end_ns))}
    inside = sorted(moment for moment in moments if 0 <= moment <= duration_ns)
    return [Column(_span_name(timeline, start, duration_ns), start, end) for start, end in pairwise(inside)]


def _span_name(timeline: Sequence[Entry], moment_ns: int, duration_ns: int) -> str:
    lasting = [entry for entry in timeline if not entry.is_moment]
    name = _lasting_name(lasting, moment_ns)
    begun_ns = max(
        (each for entry in lasting for each in (entry.start_ns, entry.end_ns) if each <= moment_ns), default=0
    )
    calls = [entry.name for entry in timeline if entry.is_moment and begun_ns <= entry.start_ns <= moment_ns]
    if not lasting and len(lasting) < len(timeline):
        return calls[-1] if calls else "before"
    return f"{name}+{calls[-1]}" if calls else name


def _lasting_name(timeline: Sequence[Entry], moment_ns: int) -> str:
    on = [entry.name for entry in timeline if entry.start_ns <= moment_ns < entry.end_ns]
    if on:
        return "during" if len(timeline) == 1 else "+".join(on)
    if not timeline:
        return "all"
    if all(moment_ns < entry.start_ns for entry in timeline):
        return "before"
    if all(entry.end_ns <= moment_ns for entry in timeline):
        return "after"
    return "between"


def probe_table(record: ProbeRecord, spans: Sequence[Column], width: int = WIDTH) -> str:
    """`across           before     during      after`, and a line for each measure.

    What does not fit in `width` columns stands below, with its labels again.
    """
    figures = [record.figures(span.start_ns, span.end_ns) for span in spans]
    label_width = max(LABEL_WIDTH, GAP + max(len(record.name), *map(len, MEASURES)))
    names = [_clipped(span.name, width - label_width - GAP) for span in spans]
    rows = [[record.name, *names], *(_row(measure, figures) for measure in MEASURES)]
    widths = [max(COLUMN_WIDTH, GAP + max(map(len, cells))) for cells in list(zip(*rows))[1:]]
    blocks = [
        "\n".join(_line([row[0], *row[1 + start : 1 + end]], label_width, widths[start:end]) for row in rows)
        for start, end in _blocks(widths, width - label_width)
    ]
    return "\n\n".join(blocks)


def _blocks(widths: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    """Columns [start, end) that fit beside each other; at least one."""
    start = used = 0
    for at, width in enumerate(widths):
        if at > start and used + width > room:
            yield start, at
            start, used = at, 0
        used += width
    if widths:
        yield start, len(widths)


def _clipped(name: str, room: int) -> str:
    """A span's name in the room there is: `gray+dark+2`, and letters go only where one name is too long."""
    if len(name) <= room:
        return name
    parts = name.split("+")
    for shown in range(len(parts) - 1, 0, -1):
        short = f"{'+'.join(parts[:shown])}+{len(parts) - shown}"
        if len(short) <= room:
            return short
    return f"{name[: max(0, room - len(CUT))]}{CUT}"


def _row(measure: Measure, figures: Iterable[Figures]) -> list[str]:
    return [measure, *(format_measured(each.measure(measure), UNITS[measure]) for each in figures)]


def _line(row: Sequence[str], label_width: int, widths: Iterable[int]) -> str:
    return row[0].ljust(label_width) + "".join(cell.rjust(width) for cell, width in zip(row[1:], widths))


def expectation_lines(judged: Sequence[Judged]) -> list[str]:
    """`ok  across.rto <= 90 s                      61.3 s`, in the order of the file; `no` where it does not hold."""
    measured = [_measured(each) for each in judged]
    text_width = max((len(each.expectation.text) for each in judged), default=0)
    value_width = max([LABEL_WIDTH, *(GAP + len(value) for value in measured)])
    return [
        f"{'ok' if each.holds else 'no'}  {each.expectation.text.ljust(text_width)}{value.rjust(value_width)}"
        for each, value in zip(judged, measured)
    ]


def _measured(judged: Judged) -> str:
    return judged.why if judged.measured is None and judged.why else judged.expectation.shown(judged.measured)


def report(
    records: Iterable[ProbeRecord], spans: Sequence[Column], judged: Sequence[Judged], width: int = WIDTH
) -> str:
    """All of it, as `dcsim run` ends: tables, an empty line between any two, then the expectations."""
    parts = [probe_table(record, spans, width) for record in records]
    if judged:
        parts.append("\n".join(expectation_lines(judged)))
    return "\n\n".join(parts) + "\n" if parts else ""


def tally(judged: Sequence[Judged]) -> str:
    """`3 of 3 hold`."""
    return f"{sum(each.holds for each in judged)} of {len(judged)} hold"


def coloured(text: str) -> "Text":
    """The same text for a terminal with colours: green what holds, red what does not."""
    from rich.text import Text  # here, so that plain output never waits for it

    shown = Text(text)
    for word, style in (("ok", "green"), ("no", "bold red")):
        shown.highlight_regex(rf"(?m)^{word}(?=  \S+\.)", style)
    return shown
