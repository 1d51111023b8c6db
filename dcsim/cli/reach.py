"""`dcsim reach`: the matrix of who reaches whom, or assertions about it."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from dcsim.cli import status
from dcsim.cli.loading import load_plan
from dcsim.reach.assertion import Assertion, load_assertions
from dcsim.reach.judge import Decider, Judged, deciders, judge
from dcsim.reach.matrix import Answer, Reach
from dcsim.reach.matrix import reach as reach_of
from dcsim.reach.traffic import kinds_text, traffic_text
from dcsim.topology.words import plural

SHOWN = 3
"""So many pairs are explained under an assertion that many pairs break."""
NOTHING, ITSELF = "-", "."


def reach(file: Path, assertions: Sequence[Path], as_json: bool) -> int:
    region = reach_of(load_plan(file))
    if not assertions:
        _write(_matrix_json(region) if as_json else None, _matrix(region))
        return status.YES
    judged = [judge(each, region) for path in assertions for each in load_assertions(path, region)]
    _write([_judged_json(each) for each in judged] if as_json else None, _judged(judged))
    return status.YES if all(each.holds for each in judged) else status.NO


def _write(document: Any, lines: Iterator[str]) -> None:
    if document is not None:
        sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines))


def _matrix(region: Reach) -> Iterator[str]:
    """A row for each source, a column for each destination."""
    names = list(region.guests)
    if not names:
        yield "no guests"
        return
    rows = [["", *names], *([source, *(_cell(region, source, to) for to in names)] for source in names)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()


def _cell(region: Reach, source: str, destination: str) -> str:
    if source == destination:
        return ITSELF
    return kinds_text(region.passing(source, destination), region.kinds) or NOTHING


def _matrix_json(region: Reach) -> dict[str, Any]:
    cells = [
        {"from": source, "to": to, "reaches": kinds_text(region.passing(source, to), region.kinds)}
        for source, to in region.pairs()
    ]
    return {"guests": list(region.guests), "cells": cells}


def _judged(judged: list[Judged]) -> Iterator[str]:
    for each in judged:
        yield f"{'ok' if each.holds else 'no'}  {each.assertion.text}"
        for answer in each.against[:SHOWN]:
            yield from _why(answer)
        more = len(each.against) - SHOWN
        if more > 0:
            yield f"    and {plural(more, 'more pair')}"
    yield f"{sum(each.holds for each in judged)} of {len(judged)} hold"


def _why(answer: Answer) -> Iterator[str]:
    verdict = " passes" if answer.reachable else ""
    pair = f"{answer.source} -> {answer.destination} {traffic_text(answer.traffic)}{verdict}"
    for decider in deciders(answer):
        hop = decider.hop
        where = f" ({hop.written})" if hop.written else ""
        on_reply = "reply " if decider.way == "reply" else ""
        yield f"    {pair}: {on_reply}{hop.label} {hop.rule}{where}"
        if hop.advice:
            yield f"    {_advice(hop.advice)}"


def _advice(text: str) -> str:
    return text if text.startswith("would take") else f"would take: {text}"


def _judged_json(judged: Judged) -> dict[str, Any]:
    assertion: Assertion = judged.assertion
    return {
        "text": assertion.text,
        "at": f"{assertion.mark.file}:{assertion.mark.line}",
        "holds": judged.holds,
        "pairs": len(assertion.pairs),
        "against": [_answer_json(answer) for answer in judged.against],
    }


def _answer_json(answer: Answer) -> dict[str, Any]:
    return {
        "from": answer.source,
        "to": answer.destination,
        "traffic": traffic_text(answer.traffic),
        "reachable": answer.reachable,
        "decided": [_decider_json(decider) for decider in deciders(answer)],
    }


def _decider_json(decider: Decider) -> dict[str, Any]:
    hop = decider.hop
    return {
        "way": decider.way,
        "component": hop.label,
        "rule": hop.rule,
        "written": hop.written or None,
        "explanationCode": hop.code or None,
        "advice": hop.advice or None,
    }
