"""A run with a bit of everything, told as text: `python -m fabric.story SEED ORDER` prints it."""

import sys
from random import Random

from dcsim.topology.plan import Impairment, Plant

from .region import MS, Packet, Region

HOSTS = [f"{zone}/r{rack}/h{host}" for zone in "abc" for rack in (1, 2) for host in (1, 2)]


def tell(seed: int, order: int) -> str:
    """The same events for a seed, in whatever order hosts and links came into being."""
    region = Region("abc", Plant(spines=4, detection_ns=MS, convergence_ns=2 * MS), seed)
    names = Random(order).sample(HOSTS, len(HOSTS))
    for name in Random(order).sample([*names, "border"], len(names) + 1):
        region.host(name)
    fibres = ["a <-> b", "a <-> c", "b <-> c"]
    for fibre in Random(order).sample(fibres, 3):
        for link in region.fabric.links(fibre):
            link.impose("weather", Impairment(loss_ppb=5 * 10**7, jitter_ns=5_000, duplicate_ppb=10**7))
    script = Random(seed)
    ids = sorted([*region.uplinks, region.host("border")])
    for number in range(600):
        source, target = script.sample(ids, 2)
        # Many at the same moment, so that ties are broken.
        region.send_at(script.randrange(10) * MS, Packet(source, target, script.randrange(9), number))
    # In the middle of what was sent at 3 ms.
    region.run(until=3 * MS + 200_000)
    region.hold("zone b", "storm")
    region.hold("spine-a1", "crash")
    region.hold("transit-1", "fire")
    region.run(until=6 * MS)
    region.release("zone b", "storm")
    region.run()
    received = [f"{time} {packet.number} {packet.target}" for time, packet in region.received]
    links = [f"{link.name} {link.line.frames} {link.lost} {link.queue_max_bytes}" for link in region.fabric.all_links()]
    return "\n".join(map(str, [*received, *region.left, *region.lost, *region.power, *region.heard, *links]))


if __name__ == "__main__":
    sys.stdout.write(tell(int(sys.argv[1]), int(sys.argv[2])))
