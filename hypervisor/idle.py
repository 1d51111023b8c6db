"""A guest that brings neither image nor program: it answers pings, and pings when told to."""

from hypervisor.clock import Clock, Source
from hypervisor.driver import Driver
from hypervisor.guest import Reporter, Wire
from netvirt.address import Cidr, Ip, format_ip, parse_address
from netvirt.journey import Outcome
from netvirt.ping import Ping, PingResult
from netvirt.stack import Stack

MOST_BYTES = 65_535 - 48
"""Of data in a ping, less the headers of IPv6 and ICMPv6; what is larger than a frame goes out in fragments."""


def _are_numbers(*words: str) -> bool:
    return all(word.isascii() and word.isdecimal() for word in words)


class Idle:
    """`netvirt.stack` behind a vNIC. Orders are those of the `agent` image, and `df` behind a ping's
    forbids to cut it; its addresses come from the control plane,
    not from DHCP."""

    def __init__(self, addresses: tuple[Ip, ...], blocks: tuple[Cidr, ...], source: Source) -> None:
        self.address = addresses[0]
        self.addresses = addresses
        self._blocks = blocks
        self._source = source

    def readdress(self, addresses: tuple[Ip, ...]) -> None:
        """It uses these from now on; the first stays."""
        self.addresses = addresses
        if hasattr(self, "_stack"):
            self._stack.addresses = addresses

    def start(self, clock: Clock, wire: Wire, report: Reporter) -> None:
        self._clock = clock
        self._report = report
        self._stack = Stack(wire.mac, self.addresses, self._blocks, self._on_result)
        self._driver = Driver(self._stack, self._source, clock, wire)
        report.console(f"ready {format_ip(self.address)}")

    def stop(self) -> None:
        pass  # its timer lives on the host's clock and dies with it

    def receive(self, data: bytes) -> Outcome:
        self._driver.send(self._stack.on_frame(data, self._clock.now))
        return Outcome.DELIVERED

    def order(self, line: str) -> None:
        match line.split():
            case ["ping", number, target, *numbers] if _are_numbers(number, *numbers) and len(numbers) == 4:
                self._ping(int(number), target, list(map(int, numbers)))
            case ["ping", number, target, *numbers, "df"] if _are_numbers(number, *numbers) and len(numbers) == 4:
                self._ping(int(number), target, list(map(int, numbers)), dont_fragment=True)
            case ["stop", number] if _are_numbers(number):
                self._stack.stop_ping(int(number))
            case _:
                self._report.console(f"error unknown order {line}")

    def _ping(self, number: int, target: str, numbers: list[int], dont_fragment: bool = False) -> None:
        count, every, timeout, size = numbers
        try:
            address = parse_address(target)
        except ValueError as error:
            self._report.console(f"error {error}")
            return
        if not self._stack.speaks_to(address):
            self._report.console(f"error no address to ping {target} from")
            return
        if every < 1 or size > MOST_BYTES:
            self._report.console(f"error ping every {every} ns with {size} octets")
            return
        self._stack.ping(Ping(number, address, count, every, timeout, size, self._clock.now, dont_fragment))
        self._driver.poll()

    def _on_result(self, result: PingResult) -> None:
        self._report.console(str(result))
