"""Flow logs as AWS leaves them in S3: `flow-logs/AWSLogs/ACCOUNT/vpcflowlogs/REGION/YEAR/MONTH/DAY/*.log.gz`.

VPC User Guide, "Publish flow logs to Amazon S3": a file for each flow log and five minutes, its first line the names of
the fields.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from dcsim.cloud.account import ACCOUNT_ID
from dcsim.cloud.flow_log import FlowLog
from dcsim.observe.gzip import stored
from dcsim.topology.schema import UNIX_EPOCH
from netvirt.address import Ns
from netvirt.flow_log.meter import Interval, Meter
from netvirt.flow_log.record import Monitored, lines
from netvirt.vswitch import Port

FILE_NS = 300_000_000_000
"""What one file is about (VPC User Guide, "Flow log files")."""


class Watched(NamedTuple):
    """An interface, and what counts at it for one flow log."""

    log: FlowLog
    at: Monitored
    meter: Meter


class FlowLogs:
    """All that count. Nothing is written, or computed, before somebody asks."""

    def __init__(self) -> None:
        self._watched: dict[tuple[str, str], Watched] = {}
        self._former: list[Watched] = []

    def watch(self, log: FlowLog, at: Monitored, port: Port, now: Ns) -> None:
        """Let `log` count at `port` from now on, unless it does. On another host, an interface has another."""
        known = self._watched.get((log.id, at.interface))
        meter = Meter(log.interval_ns(at.nitro), now, port.vni) if known is None else known.meter
        if known is None:
            self._watched[log.id, at.interface] = Watched(log, at, meter)
        if not any(each is meter for each in port.meters):
            port.meters = (*port.meters, meter)

    def interface_gone(self, interface: str, now: Ns) -> None:
        """Nothing counts at it any more, and its quiet is no news."""
        for key in [key for key in self._watched if key[1] == interface]:
            watched = self._watched.pop(key)
            watched.meter.stop(now)
            self._former.append(watched)

    def lines(self, log: FlowLog, now: Ns) -> list[str]:
        """The records so far, those of the interval that has not ended included."""
        return [line for _, line in self._records(log, now)]

    def write(self, directory: Path, region: str, start_ns: int, now: Ns) -> None:
        """The files of every flow log, the last ones cut short at `now`; `start_ns` is the Unix time of t = 0."""
        for log in dict.fromkeys(watched.log for watched in self._all()):
            files: defaultdict[int, list[str]] = defaultdict(list)
            for end_ns, line in self._records(log, now):
                files[-(-(start_ns + end_ns) // FILE_NS) * FILE_NS].append(line)
            for file_ns, records in files.items():
                content = "".join(f"{line}\n" for line in (" ".join(log.request.log_format), *records)).encode()
                path = directory / _path(region, log.id, file_ns)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(stored(content))

    def _all(self) -> list[Watched]:
        return [*self._former, *self._watched.values()]

    def _records(self, log: FlowLog, now: Ns) -> Iterator[tuple[int, str]]:
        """Each with the end of its interval; by that, then by interface, then as the flows began."""
        found: list[tuple[Interval, Watched]] = []
        for watched in self._all():
            if watched.log is log:
                found += ((interval, watched) for interval in watched.meter.intervals(now))
        for interval, watched in sorted(found, key=lambda each: each[0].end):
            for line in lines(watched.at, interval, log.request.log_format, log.request.traffic_type):
                yield interval.end, line


def _path(region: str, log: str, file_ns: int) -> Path:
    """AWS's names end with some digits of its own; here they depend on nothing but the rest of the name."""
    digest = sha256(f"{log} {file_ns}".encode()).hexdigest()[:8]
    moment = UNIX_EPOCH + timedelta(seconds=file_ns // 1_000_000_000)
    name = f"{ACCOUNT_ID}_vpcflowlogs_{region}_{log}_{moment:%Y%m%dT%H%MZ}_{digest}.log.gz"
    return Path("AWSLogs", ACCOUNT_ID, "vpcflowlogs", region, f"{moment:%Y}", f"{moment:%m}", f"{moment:%d}", name)
