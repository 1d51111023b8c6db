"""Wireshark's opinion of a capture."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

CHECKS = [
    option
    for protocol in ("ip", "udp", "tcp")
    for option in ("-o", f"{protocol}.check_checksum:TRUE")
]  # fmt: skip
BAD_CHECKSUM = "0"
BAD = " || ".join(
    ["_ws.malformed", "_ws.expert.severity == error"]
    + [f"{protocol}.checksum.status == {BAD_CHECKSUM}" for protocol in ("ip", "udp", "tcp", "icmp", "icmpv6")]
)


def shark(capture: bytes, *fields: str, keep: str = "") -> list[list[str]]:
    """A row of `fields` for each packet that the display filter `keep` lets through. Checksums are checked."""
    with TemporaryDirectory() as directory:
        file = Path(directory, "capture.pcapng")
        file.write_bytes(capture)
        command = ["tshark", "-n", "-r", str(file), *CHECKS, "-T", "fields", *(f"-e{field}" for field in fields)]
        if keep:
            command += ["-Y", keep]
        lines = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout.splitlines()
    return [line.split("\t") for line in lines]


def bad_packets(capture: bytes) -> list[list[str]]:
    """What Wireshark calls malformed, or whose checksum, inner or outer, is wrong."""
    return shark(capture, "frame.number", "frame.interface_name", "frame.protocols", "frame.comment", keep=BAD)
