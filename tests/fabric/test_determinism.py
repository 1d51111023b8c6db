"""The same seed gives the same run: in another process, another order of creation, under other string hashes."""

import os
import subprocess
import sys
from pathlib import Path

from .story import tell

TESTS = Path(__file__).parent.parent


def tell_elsewhere(seed: int, order: int, hash_seed: str) -> str:
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"}
    command = [sys.executable, "-m", "fabric.story", str(seed), str(order)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def test_the_story_is_the_same_everywhere() -> None:
    here = tell(7, 0)
    assert [tell_elsewhere(7, 0, hash_seed) for hash_seed in ("0", "1", "4242")] == [here] * 3


def test_who_was_created_first_does_not_matter() -> None:
    assert tell(7, 1) == tell(7, 0) == tell(7, 2)


def test_the_story_has_something_to_tell() -> None:
    story = tell(7, 0)
    for word in ("LOST", "POWER_LOST", "LINK_DOWN", "UNREACHABLE", "fabric", "False", "True"):
        assert word in story
    assert story != tell(8, 0)
