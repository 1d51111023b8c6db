"""What decides a run's bytes: files, options, images, libraries and dcsim's own code, as one digest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path, PurePath

import orjson

from dcsim.topology.plan import InputFile

PACKAGES = ("dcsim", "hypervisor", "netvirt")
LIBRARIES = ("orjson", "pydantic", "PyYAML", "scapy", "simpy", "structlog", "unicorn")
"""Those that could change a byte of a run; what only speaks to the terminal could not."""
MANIFEST = "inputs.json"

Options = Mapping[str, str | int | bool | None]


@dataclass(frozen=True)
class Inputs:
    """`files` in the order they were read; `images` are digests by name.

    Where things lie does not count: directories are left out, of the user's files and of dcsim's own.
    """

    files: Sequence[InputFile]
    options: Options = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def manifest(self) -> bytes:
        """The content of `inputs/inputs.json`; its digest is `inputs_sha256`."""
        content = {
            "files": [{"name": name, "sha256": sha256(data).hexdigest()} for name, data in self.stored()],
            "options": dict(self.options),
            "images": dict(self.images),
            "libraries": {name: version(name) for name in LIBRARIES},
            "dcsim": source_sha256(),
        }
        return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"

    @cached_property
    def sha256(self) -> str:
        return sha256(self.manifest).hexdigest()

    def stored(self) -> list[tuple[str, bytes]]:
        """The files under the names they have in `inputs/`: their own, all numbered where two would have the same."""
        names = [_plain(file.path) for file in self.files]
        if len({*names, MANIFEST}) <= len(names):
            names = [f"{number}-{name}" for number, name in enumerate(names, 1)]
        return [(name, file.data) for name, file in zip(names, self.files)]


def _plain(path: str) -> str:
    """The last part of a path, as text: file systems allow names that are none."""
    return PurePath(path).name.encode("utf-8", "replace").decode()


def source_sha256() -> str:
    """The digest of every module of dcsim, by its dotted place; neither caches nor where it is installed count."""
    digest = sha256()
    for package in PACKAGES:
        root = package_directory(package)
        for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).parts):
            name = "/".join((package, *path.relative_to(root).parts))
            # Lengths first: no two trees may run together into the same bytes.
            data = path.read_bytes()
            digest.update(f"{name} {len(data)}\n".encode() + data)
    return digest.hexdigest()


def package_directory(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None, f"{package} is imported by this very module"
    return Path(spec.origin).parent
