"""The JSON Schema that editors use."""

from collections.abc import Iterator
from typing import Any

from dcsim.request import FORWARDING_IMAGES
from dcsim.scenario.schema import json_schema
from dcsim.topology.load import shipped, shipped_directory
from dcsim.topology.schema import SHIPPED_IMAGES
from dcsim.topology.source import parse
from dcsim.topology.tree import Plain, plain
from hypervisor import images

Schema = dict[str, Any]


def objects(schema: Any) -> Iterator[Schema]:
    if isinstance(schema, list):
        for each in schema:
            yield from objects(each)
    if isinstance(schema, dict):
        yield schema
        for each in schema.values():
            yield from objects(each)


def test_every_key_says_what_it_is() -> None:
    for name, definition in json_schema()["$defs"].items():
        assert definition["additionalProperties"] is False, name
        for key, value in definition["properties"].items():
            assert value["description"].endswith((".", "...")), f"{name}.{key}"


def test_every_reference_leads_somewhere() -> None:
    schema = json_schema()
    references = [each["$ref"] for each in objects(schema) if isinstance(each.get("$ref"), str)]
    assert len(references) > 10
    for reference in references:
        assert reference.removeprefix("#/$defs/") in schema["$defs"]


def test_no_default_is_said_in_nanoseconds() -> None:
    assert not [each for each in objects(json_schema()) if "default" in each and "properties" not in each]
    description = json_schema()["$defs"]["PlantSpec"]["properties"]["between_zones"]["description"]
    assert description == "One way, between two zones; by default 500 us."


def test_shipped_files_use_only_keys_of_the_schema() -> None:
    schema = json_schema()
    assert shipped() == [
        "az-outage.yaml",
        "dual-stack.yaml",
        "failover.yaml",
        "internet-outage.yaml",
        "middlebox.yaml",
        "peering.yaml",
        "public-private-nat.yaml",
        "public.yaml",
        "standby.yaml",
        "transit-gateway.yaml",
        "two-az.yaml",
        "web-server.yaml",
    ]
    for name in shipped():
        tree = plain(parse((shipped_directory() / name).read_bytes(), name))
        assert isinstance(tree, dict)
        assert {"required": ["timeline"]} in schema["if"]["anyOf"]
        root = schema["then"] if any(each["required"][0] in tree for each in schema["if"]["anyOf"]) else schema["else"]
        assert unknown_keys(schema["$defs"], root, tree) == []


def unknown_keys(definitions: Schema, schema: Schema, tree: Plain) -> list[str]:
    """Keys that the schema does not know; a tiny part of what a validator does."""
    if "$ref" in schema:
        return unknown_keys(definitions, definitions[schema["$ref"].removeprefix("#/$defs/")], tree)
    if not isinstance(tree, dict):
        return []
    kinds = [each for each in schema.get("anyOf", ()) if "$ref" in each]
    if len(kinds) > 1:
        return min((unknown_keys(definitions, each, tree) for each in kinds), key=len)
    unknown = []
    for key, value in tree.items():
        inner = value_schema(schema, key)
        unknown += [key] if inner is None else unknown_keys(definitions, inner, value)
    return unknown


def value_schema(schema: Schema, key: str) -> Schema | None:
    if key in schema.get("properties", {}):
        found: Schema = schema["properties"][key]
        return found
    for form in [schema, *schema.get("anyOf", [])]:
        for value in form.get("patternProperties", {}).values():
            return dict(value)
        if isinstance(form.get("additionalProperties"), dict):
            return dict(form["additionalProperties"])
    return None


def test_closed_sets_are_enumerated() -> None:
    definitions = json_schema()["$defs"]
    assert definitions["EntrySpec"]["properties"]["action"]["enum"] == ["power-off", "link-down", "impair"]
    image = definitions["InstanceSpec"]["properties"]["image"]
    assert image["anyOf"] == [{"enum": ["agent", "nat", "router"]}, {"type": "string"}]
    assert list(SHIPPED_IMAGES) == sorted([*images._manifest(), *FORWARDING_IMAGES])


def test_one_word_for_one_thing() -> None:
    properties = json_schema()["$defs"]
    assert properties["ScenarioFile"]["properties"]["seed"]["description"] == "Draws every random choice; by default 0."
    assert properties["EntrySpec"]["properties"]["delay"]["description"] == "Added to the link's own delay, one way."
    assert properties["ImpairmentSpec"]["properties"]["delay"]["description"] == "One way."


def test_each_kind_of_file_has_a_schema_of_its_own() -> None:
    assert json_schema("topology")["$ref"] == "#/$defs/TopologyFile"
    assert json_schema("scenario")["$ref"] == "#/$defs/ScenarioFile"
    assert json_schema("scenario")["title"] == "dcsim scenario"
