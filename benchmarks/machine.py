"""What one ping costs the guest that answers: exits, instructions, and the host's time."""

from time import perf_counter

from benchmarks.figure import Figure
from dcsim.pinging import Payload, Pinger
from dcsim.topology.load import load
from dcsim.world import World, build
from hypervisor.machine.machine import Machine

PINGS = 1_000
WARM_UP = 200
"""Until the guests have done with their start: leases, address resolution."""
EVERY_NS = 10_000_000


def answering(world: World) -> Machine:
    guest = world["right"].instance.guest
    assert isinstance(guest, Machine)
    return guest


def figures() -> list[Figure]:
    world = build(load("two-az.yaml"))
    target = world["right"].placed.interface.address
    pinger = Pinger(world, world["left"], target, EVERY_NS, 1_000_000_000, Payload())
    pinger.start(EVERY_NS, WARM_UP + PINGS)
    world.clock.run(until=EVERY_NS * WARM_UP + EVERY_NS // 2)
    machine = answering(world)
    exits, instructions = machine.exits.total(), machine.instructions
    begin = perf_counter()
    world.clock.run(until=EVERY_NS * (WARM_UP + PINGS) + EVERY_NS // 2)
    elapsed = perf_counter() - begin
    assert len(pinger.answers) == WARM_UP + PINGS
    return [
        Figure(
            "ping answered by machine code: exits", (machine.exits.total() - exits) / PINGS, "exits", 2, at_most=True
        ),
        Figure("ping answered by machine code: instructions", (machine.instructions - instructions) / PINGS, ""),
        Figure("ping across two zones, both ends machine code", PINGS / elapsed, "pings/s"),
    ]
