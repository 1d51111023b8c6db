"""A run's flow logs as an S3 bucket, for flowlogs_reader: what it asks boto3 for, answered from a directory."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flowlogs_reader import FlowRecord, S3FlowLogsReader


class Bucket:
    """boto3's S3 client, as far as the reader needs one."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._keys = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*.log.gz"))

    def list_objects_v2(self, Bucket: str, Delimiter: str, Prefix: str) -> dict[str, Any]:  # noqa: N803
        rests = [key.removeprefix(Prefix) for key in self._keys if key.startswith(Prefix)]
        folders = dict.fromkeys(f"{Prefix}{rest.partition(Delimiter)[0]}{Delimiter}" for rest in rests)
        return {"CommonPrefixes": [{"Prefix": folder} for folder in folders]}

    def get_paginator(self, operation: str) -> "Bucket":
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        yield {"Contents": [{"Key": key} for key in self._keys if key.startswith(Prefix)]}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        path = self._directory / Key
        return {"Body": path.open("rb"), "ContentLength": path.stat().st_size}


def records(directory: Path, year: int = 2025) -> list[FlowRecord]:
    """Every record that flowlogs_reader finds under a run's `flow-logs`, from the first day of that year."""
    begin = datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    reader = S3FlowLogsReader(
        "bucket",
        start_time=begin,
        end_time=begin.replace(day=2),
        boto_client=Bucket(directory),
        raise_on_error=True,
    )
    return list(reader)
