"""ns.py: a port and a wire a link, the same rate, delay, gap and size."""

from time import perf_counter

import simpy

from benchmarks.peers import call_ns, serve

call_ns("ns")

from ns.packet.dist_generator import DistPacketGenerator  # noqa: E402
from ns.packet.packet import Packet  # noqa: E402
from ns.port.port import Port  # noqa: E402
from ns.port.wire import Wire  # noqa: E402

PACKETS = 6_000
LINKS = 4


class _Sink:
    def __init__(self) -> None:
        self.packets = 0

    def put(self, _: Packet) -> None:
        self.packets += 1


def hops_per_second(packets: int = PACKETS) -> float:
    env = simpy.Environment()
    sink = _Sink()
    following: object = sink
    for _ in range(LINKS):
        wire = Wire(env, lambda: 100e-6)
        port = Port(env, 10e9, qlimit=10_000_000)
        port.out, wire.out = wire, following
        following = port
    generator = DistPacketGenerator(env, "source", lambda: 10e-6, lambda: 500, flow_id=0, finish=packets * 10e-6)
    generator.out = following
    begin = perf_counter()
    env.run(until=packets * 10e-6 + 1)
    return sink.packets * LINKS / (perf_counter() - begin)


if __name__ == "__main__":
    serve(hops_per_second)
