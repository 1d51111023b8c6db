"""Whatever of a folder is lost or spoilt: a file that loads, or an answer in words."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcsim.describe.topology import describe
from dcsim.problem import Mistake, Refused
from dcsim.topology.load import plan_of
from dcsim.world import build

from .aws import write

COMPANY = {path.stem: json.loads(path.read_text("utf-8")) for path in (Path(__file__).parent / "company").iterdir()}
JUNK = st.sampled_from([None, "", "x\n- y: [", -1, 10**30, 1.5, True, [], {}, ["a"], {"Name": "\ud800"}, "10.0.0.0/8"])


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every key of every map and every place in every list, with what holds it."""
    for key, each in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        yield value, key
        if isinstance(each, dict | list):
            yield from places(each)


def answer(files: dict[str, Any]) -> None:
    with TemporaryDirectory() as directory:
        try:
            text = describe(write(Path(directory), files)).text
        except (Mistake, Refused) as error:
            assert str(error)
            return
    build(plan_of(text.encode(), "mine.yaml", "mine"))


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_keys_and_files_that_are_missing(data: st.DataObject) -> None:
    files = copy.deepcopy(COMPANY)
    for name in data.draw(st.sets(st.sampled_from(sorted(files)), max_size=4)):
        del files[name]
    for _ in range(data.draw(st.integers(0, 6))):
        holder, key = data.draw(st.sampled_from(list(places(files))))
        if isinstance(holder, dict):
            holder.pop(key, None)
        elif key < len(holder):
            holder.pop(key)
    answer(files)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_values_that_are_junk(data: st.DataObject) -> None:
    files = copy.deepcopy(COMPANY)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(list(places(files))))
        holder[key] = data.draw(JUNK)
    answer(files)
