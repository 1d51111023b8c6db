"""From closed intervals to the lines of a flow log: VPC User Guide, "Flow log records" and its examples."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from netvirt.address import Cidr, Ip, format_ip, is_ipv6
from netvirt.flow_log.meter import Interval, Path, Tally

TrafficType = Literal["ACCEPT", "REJECT", "ALL"]
NOTHING = "-"
"""What does not apply, or is not there."""
NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Monitored:
    """What records say of the interface they are about. `start_ns` is the Unix time, in ns, of t = 0.

    `instance` is empty for an interface that a service made for itself. `public_block` holds EC2's own addresses.
    """

    account: str
    region: str
    az_id: str
    vpc: str
    subnet: str
    instance: str
    interface: str
    address: Ip
    nitro: bool
    public_block: Cidr
    start_ns: int


class Line(NamedTuple):
    """What a field is read from. Without a tally it is a NODATA record."""

    at: Monitored
    interval: Interval
    tally: Tally | None
    version: int


Reader = Callable[[Line], "str | int | None"]


class Field(NamedTuple):
    """`version` is that of the flow logs that brought it."""

    version: int
    read: Reader


def _of_tally(read: Callable[[Monitored, Tally], "str | int | None"]) -> Reader:
    return lambda line: None if line.tally is None else read(line.at, line.tally)


def _unix_s(line: Line, moment: int) -> int:
    return (line.at.start_ns + moment) // NS_PER_S


def _srcaddr(at: Monitored, tally: Tally) -> str:
    return format_ip(_shown(at, tally.flow.src) if tally.egress else tally.flow.src)


def _dstaddr(at: Monitored, tally: Tally) -> str:
    return format_ip(tally.flow.dst if tally.egress else _shown(at, tally.flow.dst))


def _shown(at: Monitored, address: Ip) -> Ip:
    """The interface's own end of a flow is its primary address, whatever the packet says; IPv6 has no primary one."""
    return address if is_ipv6(address) else at.address


def _traffic_path(at: Monitored, tally: Tally) -> int | None:
    match tally.path:
        case Path.SAME_VPC:
            return 1
        case Path.INTERNET:
            return 8 if at.nitro else 2
        case Path.PEERING:
            return 4
        case None:
            return None


def _service(at: Monitored, address: Ip) -> str | None:
    return "EC2" if at.public_block.holds(address) else None


def _absent(_: Line) -> None:
    """Known to AWS; nothing here could ever fill it."""


FIELDS: Mapping[str, Field] = {
    "version": Field(2, lambda line: line.version),
    "account-id": Field(2, lambda line: line.at.account),
    "interface-id": Field(2, lambda line: line.at.interface),
    "srcaddr": Field(2, _of_tally(_srcaddr)),
    "dstaddr": Field(2, _of_tally(_dstaddr)),
    "srcport": Field(2, _of_tally(lambda _, tally: max(tally.flow.src_port, 0))),
    "dstport": Field(2, _of_tally(lambda _, tally: max(tally.flow.dst_port, 0))),
    "protocol": Field(2, _of_tally(lambda _, tally: tally.flow.protocol)),
    "packets": Field(2, _of_tally(lambda _, tally: tally.packets)),
    "bytes": Field(2, _of_tally(lambda _, tally: tally.bytes)),
    "start": Field(2, lambda line: _unix_s(line, line.tally.first if line.tally else line.interval.start)),
    "end": Field(2, lambda line: _unix_s(line, line.tally.last if line.tally else line.interval.end)),
    "action": Field(2, _of_tally(lambda _, tally: "ACCEPT" if tally.accepted else "REJECT")),
    "log-status": Field(2, lambda line: "OK" if line.tally else "NODATA"),
    "vpc-id": Field(3, lambda line: line.at.vpc),
    "subnet-id": Field(3, lambda line: line.at.subnet),
    "instance-id": Field(3, lambda line: line.at.instance),
    "tcp-flags": Field(3, _of_tally(lambda _, tally: tally.tcp_flags)),
    "type": Field(3, _of_tally(lambda _, tally: "IPv6" if is_ipv6(tally.flow.src) else "IPv4")),
    "pkt-srcaddr": Field(3, _of_tally(lambda _, tally: format_ip(tally.flow.src))),
    "pkt-dstaddr": Field(3, _of_tally(lambda _, tally: format_ip(tally.flow.dst))),
    "region": Field(4, lambda line: line.at.region),
    "az-id": Field(4, lambda line: line.at.az_id),
    "sublocation-type": Field(4, _absent),
    "sublocation-id": Field(4, _absent),
    "pkt-src-aws-service": Field(5, _of_tally(lambda at, tally: _service(at, tally.flow.src))),
    "pkt-dst-aws-service": Field(5, _of_tally(lambda at, tally: _service(at, tally.flow.dst))),
    "flow-direction": Field(5, _of_tally(lambda _, tally: "egress" if tally.egress else "ingress")),
    "traffic-path": Field(5, _of_tally(_traffic_path)),
    "ecs-cluster-arn": Field(7, _absent),
    "ecs-cluster-name": Field(7, _absent),
    "ecs-container-instance-arn": Field(7, _absent),
    "ecs-container-instance-id": Field(7, _absent),
    "ecs-container-id": Field(7, _absent),
    "ecs-second-container-id": Field(7, _absent),
    "ecs-service-name": Field(7, _absent),
    "ecs-task-definition-arn": Field(7, _absent),
    "ecs-task-arn": Field(7, _absent),
    "ecs-task-id": Field(7, _absent),
    "reject-reason": Field(8, _absent),
}
"""In the order of the document's table, "Available fields"."""

DEFAULT_FORMAT = tuple(name for name, field in FIELDS.items() if field.version == 2)


def version_of(names: tuple[str, ...]) -> int:
    """The highest of the fields'."""
    return max(FIELDS[name].version for name in names)


def lines(at: Monitored, interval: Interval, names: tuple[str, ...], traffic_type: TrafficType) -> Iterator[str]:
    """The records of one interface and interval, those of the traffic type asked for."""
    version = version_of(names)
    for tally in interval.tallies:
        if traffic_type == "ALL" or tally.accepted == (traffic_type == "ACCEPT"):
            yield _line(Line(at, interval, tally, version), names)
    if not interval.tallies and interval.whole:
        yield _line(Line(at, interval, None, version), names)


def _line(line: Line, names: tuple[str, ...]) -> str:
    values = (FIELDS[name].read(line) for name in names)
    return " ".join(NOTHING if value is None or value == "" else str(value) for value in values)
