"""The tables of docs/files.md, from the models that read the files; `python tests/file_reference.py` writes them."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_origin

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from pydantic_core import PydanticUndefined  # noqa: E402

from dcsim.scenario.schema import ScenarioFile, json_schema  # noqa: E402
from dcsim.topology.fields import Spec  # noqa: E402
from dcsim.topology.quantity import format_duration, format_rate, format_size  # noqa: E402
from dcsim.topology.schema import TopologyFile  # noqa: E402

PAGE = ROOT / "docs" / "files.md"
BEGIN, END = "<!-- {}: made by tests/file_reference.py -->", "<!-- end -->"
FORMATS: dict[str, Callable[[int], str]] = {
    "ms": format_duration,
    "s": format_duration,
    "Gbit": format_rate,
    "KB": format_size,
    "B": format_size,
}
HEAD = "| Key | Value | Default | Meaning |\n|---|---|---|---|"


def models(root: type[Spec]) -> list[type[Spec]]:
    """The maps that a file holds, each once, the outer ones first. What only a zone's own version says is in SubnetSpec
    and its like already."""
    known = {kind.__name__: kind for kind in _kinds(Spec)}
    schema = json_schema("topology" if root is TopologyFile else "scenario")
    names = re.findall(r"#/\$defs/(\w+)", str(schema))
    found = dict.fromkeys(name for name in names if not name.endswith("Fields"))
    return [root, *(known[name] for name in found if name != root.__name__)]


def _kinds(kind: type[Spec]) -> list[type[Spec]]:
    return [each for child in kind.__subclasses__() for each in (child, *_kinds(child))]


def table(model: type[Spec]) -> str:
    schema = json_schema("scenario" if model.__module__.startswith(("dcsim.scenario", "dcsim.api")) else "topology")
    properties = schema["$defs"].get(model.__name__, schema)["properties"]
    rows = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        value = _of_names(field.annotation) or _value(properties[key])
        default = "required" if field.is_required() else _default(field.default, value)
        meaning = " ".join((field.description or "").split()).replace("|", "\\|")
        rows.append(f"| `{key}` | {value} | {default} | {meaning} |")
    return "\n".join([HEAD, *rows])


def _of_names(annotation: Any) -> str:
    """Maps of maps, by what they are for."""
    if get_origin(annotation) is not dict:
        return "".join(_of_names(inner) for inner in get_args(annotation))
    _, held = get_args(annotation)
    if not (isinstance(held, type) and issubclass(held, Spec)):
        return ""
    zones = held.__name__.endswith("Fields")
    return "`true`, zones, or a map of zones to what differs" if zones else f"a map; under each name, a {held.noun}"


def _value(schema: dict[str, Any]) -> str:
    """`like 5 ms`; `a list of ...`; `a map of names to ...`."""
    if "anyOf" in schema or "oneOf" in schema:
        values = list(dict.fromkeys(map(_value, schema.get("anyOf") or schema["oneOf"])))
        if len(values) == 2 and values[1] == f"a list; each: {values[0]}":
            return f"{values[0]}, or a list of such"
        return " or ".join(values)
    if "$ref" in schema or "allOf" in schema:
        name = (schema.get("$ref") or schema["allOf"][0]["$ref"]).rpartition("/")[2]
        return f"a map: see {_noun(name)}"
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "examples" in schema:
        return f"like {', '.join(f'`{each}`' for each in schema['examples'])}"
    match schema.get("type"):
        case "array":
            return f"a list; each: {_value(schema.get('items', {}))}"
        case "object":
            return f"a map; each: {_value(schema.get('additionalProperties') or {'type': 'string'})}"
        case "integer":
            return f"{schema.get('minimum', 0)} to {schema['maximum']}" if "maximum" in schema else "a whole number"
        case "boolean":
            return "`true`, `false`"
        case _:
            return "text"


def _noun(name: str) -> str:
    return next((kind.noun for kind in _kinds(Spec) if kind.__name__ == name), name)


def _default(default: object, value: str) -> str:
    if default is None or default is PydanticUndefined or default in ([], {}) or isinstance(default, Spec):
        return "-"
    unit = re.search(r"like `[0-9.]+ ?([A-Za-z]+)`", value)
    if isinstance(default, int) and unit is not None and unit[1] in FORMATS:
        return f"`{FORMATS[unit[1]](default)}`"
    return f"`{default}`"


def reference(root: type[Spec]) -> str:
    parts = []
    for model in models(root):
        later = f"\n\nNot there yet: {', '.join(f'`{key}`' for key in model.later)}." if model.later else ""
        parts.append(f"### {model.noun}\n\n{table(model)}{later}")
    return "\n\n".join(parts)


def page() -> str:
    """docs/files.md as it should be."""
    text = PAGE.read_text("utf-8")
    for name, root in (("topology", TopologyFile), ("scenario", ScenarioFile)):
        begin = BEGIN.format(name)
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(END)
        text = f"{before}{begin}\n\n{reference(root)}\n\n{END}{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
