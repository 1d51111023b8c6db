"""Rebuild the shipped guest images: `python -m hypervisor.firmware.build` (needs `pip install dcsim[images]`).

The same sources give the same bytes wherever they are built, so `--check` proves that images.json, the
committed ELF files and the sources belong together.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = HERE / "src"
MANIFEST = HERE / "images.json"

FLAGS = [
    # Integer code only: the platform leaves the FPU off, and integers need no saving.
    *("-target", "x86_64-freestanding-none", "-mcpu=x86_64-mmx-sse-sse2+soft_float", "-mno-red-zone"),
    *(
        "-std=c11",
        "-O2",
        "-flto",
        "-ffreestanding",
        "-fno-pic",
        "-fno-pie",
        "-fno-stack-protector",
        "-fno-sanitize=all",
    ),
    *("-Wall", "-Wextra", "-Werror"),
    # Nothing that depends on where or by whom it was built.
    *("-g0", "-s", "-fno-ident", "-Wl,--build-id=none"),
    *("-nostdlib", "-static", "-Wl,-T,guest.ld", "-Wl,-z,max-page-size=64"),
]


def build(output: Path) -> None:
    """Compile the `agent` image. Sources are named without a directory, so that none ends up in the file."""
    sources = sorted(path.name for path in SOURCES.glob("*.c"))
    command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, "-o", str(output.resolve()), *sources]
    subprocess.run(command, cwd=SOURCES, check=True)
    output.chmod(0o644)


def manifest(name: str, data: bytes) -> str:
    entry = {
        "name": name,
        "isa": "x86-64",
        "file": f"{name}.elf",
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return json.dumps({"images": [entry]}, indent=2) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the committed files, change nothing")
    check = parser.parse_args().check
    committed = HERE / "agent.elf"
    with tempfile.TemporaryDirectory() as directory:
        fresh = Path(directory) / "agent.elf"
        build(fresh)
        data = fresh.read_bytes()
    text = manifest("agent", data)
    if check:
        return int(committed.read_bytes() != data or MANIFEST.read_text("utf-8") != text)
    committed.write_bytes(data)
    MANIFEST.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
