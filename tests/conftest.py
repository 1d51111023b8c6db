"""After every test, no frame of any world it built has vanished or come from nowhere."""

from collections.abc import Iterator

import pytest

from dcsim.topology.plan import Plan
from dcsim.world import World


@pytest.fixture(autouse=True)
def frames_are_conserved(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    worlds: list[World] = []
    begin = World.__init__

    def remember(world: World, plan: Plan, seed: int) -> None:
        worlds.append(world)
        begin(world, plan, seed)

    monkeypatch.setattr(World, "__init__", remember)
    yield
    unaccounted = [world.unaccounted for world in worlds if hasattr(world, "guests")]
    assert not any(unaccounted), f"frames unaccounted for: {unaccounted}"
