"""The kinds of values that files hold: how each is read from text, and what an editor should know of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from dcsim.problem import Mistake
from dcsim.topology import quantity
from dcsim.topology.rule import NumberedRule, Rule, parse_numbered_rule, parse_rule
from dcsim.topology.tree import NOTHING
from dcsim.topology.words import quoted
from netvirt.address import Cidr, Ip, parse_cidr, parse_cidr_ipv6, parse_ip, parse_ipv6

ANYWHERE_LATER = ("id", "tags")
"""Keys that every resource will have."""
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
RECORD_NAME = re.compile(r"(\*|[a-z0-9_-]{1,63})(\.[a-z0-9_-]{1,63})*")
RECORD_TYPES = ("A", "CNAME", "PTR", "TXT")


class Spec(BaseModel):
    """A map with known keys. `noun` is what messages call it; keys in `later` are promised, not there yet."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)
    noun: ClassVar[str] = "file"
    later: ClassVar[tuple[str, ...]] = ()
    stand_ins: ClassVar[dict[str, str]] = {}
    """Keys that are not missing where a later one stands for them."""

    @classmethod
    def kind_for(cls, value: object) -> "type[Spec]":
        """Whose keys a map of these holds; it may depend on one of them."""
        return cls

    @model_validator(mode="before")
    @classmethod
    def _nothing_means_defaults(cls, value: object) -> object:
        return {} if value is NOTHING else value


def kind_of_value(value: object) -> str:
    """What a user would call it."""
    if isinstance(value, list):
        return "a list"
    return "a map" if isinstance(value, dict) else quoted(str(value))


def text_of(value: object) -> str:
    """The one value that a place holds; a list, a map or nothing is a mistake."""
    if isinstance(value, str):
        return value
    if value is NOTHING:
        raise Mistake("is empty", field=True)
    raise Mistake(f"needs one value, not {kind_of_value(value)}", field=True)


def from_text(parse: Callable[[str], object]) -> PlainValidator:
    return PlainValidator(lambda value: parse(text_of(value)))


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise Mistake(f"{quoted(text)} is neither true nor false", field=True)
    return text == "true"


def _switch(text: str) -> bool:
    """EC2's word where it does not say true and false."""
    if text not in ("enable", "disable"):
        raise Mistake(f"{quoted(text)} is neither enable nor disable", field=True)
    return text == "enable"


def check_name(text: str) -> str:
    if not NAME.fullmatch(text):
        advice = "names are letters, digits, - and _, and start with a letter"
        raise Mistake(f"{quoted(text)} is not a name", advice)
    return text


def _block(text: str) -> Cidr:
    try:
        return parse_cidr(text)
    except ValueError:
        raise Mistake(f"{quoted(text)} is not an IPv4 block", "write it like 10.0.0.0/16", field=True) from None


def _address(text: str, example: str = "10.0.0.4") -> Ip:
    try:
        return parse_ip(text)
    except ValueError:
        raise Mistake(f"{quoted(text)} is not an IPv4 address", f"write it like {example}", field=True) from None


def _block_ipv6(text: str) -> Cidr:
    try:
        return parse_cidr_ipv6(text)
    except ValueError:
        raise Mistake(f"{quoted(text)} is not an IPv6 block", f"write it like {_BLOCK_IPV6}", field=True) from None


def _subnet_ipv6(text: str) -> Cidr | Literal["next"] | None:
    if text in ("true", "false"):
        return "next" if text == "true" else None
    try:
        return parse_cidr_ipv6(text)
    except ValueError:
        advice = "write true for the VPC's next free /64, or one like 2001:db8:0:100::/64"
        raise Mistake(f"{quoted(text)} is neither true nor an IPv6 block", advice, field=True) from None


def _address_ipv6(text: str) -> Ip:
    try:
        return parse_ipv6(text)
    except ValueError:
        advice = f"write it like {_ADDRESS_IPV6}"
        raise Mistake(f"{quoted(text)} is not an IPv6 address", advice, field=True) from None


def _outside_ipv6(text: str) -> Ip | Literal["next"] | None:
    if text in ("true", "false"):
        return "next" if text == "true" else None
    return _address_ipv6(text)


_NOT_PUBLIC = tuple(
    (parse_cidr(block), what)
    for block, what in (
        ("0.0.0.0/8", "is nobody's (RFC 1122)"),
        ("10.0.0.0/8", "is private (RFC 1918)"),
        ("100.64.0.0/10", "is a carrier's own (RFC 6598)"),
        ("127.0.0.0/8", "is every computer's own (RFC 1122)"),
        ("169.254.0.0/16", "is link-local (RFC 3927)"),
        ("172.16.0.0/12", "is private (RFC 1918)"),
        ("192.168.0.0/16", "is private (RFC 1918)"),
        ("224.0.0.0/4", "is multicast (RFC 5771)"),
        ("240.0.0.0/4", "is reserved (RFC 1112)"),
    )
)


def _public(text: str, example: str) -> Ip:
    address = _address(text, example)
    for block, what in _NOT_PUBLIC:
        if block.holds(address):
            raise Mistake(f"{text} {what}", f"write a public address, like {example}", field=True)
    return address


def _elastic_ip(text: str) -> Ip | Literal["new"] | None:
    if text in ("true", "false"):
        return "new" if text == "true" else None
    try:
        parse_ip(text)
    except ValueError:
        advice = f"write true for a new one, or one like {_ELASTIC}"
        raise Mistake(f"{quoted(text)} is neither true nor an IPv4 address", advice, field=True) from None
    return _public(text, _ELASTIC)


def _domain(text: str) -> str:
    """Without the last dot. Letters' case means nothing in names, so there is one way to write them."""
    name = text.removesuffix(".")
    if name != name.lower():
        raise Mistake(f"{quoted(text)} has capital letters", f"write {name.lower()}")
    if not DOMAIN.fullmatch(name) or len(name) > 253:
        raise Mistake(f"{quoted(text)} is not a domain name", "write it like corp.internal")
    return name


def _record_name(text: str) -> str:
    if text == "@":
        return text
    if text != text.lower():
        raise Mistake(f"{quoted(text)} has capital letters", f"write {text.lower()}")
    if not RECORD_NAME.fullmatch(text) or len(text) > 253:
        raise Mistake(f"{quoted(text)} is not a record's name", "write it like www, or @ for the zone's own name")
    return text


def _record_type(text: str) -> str:
    if text not in RECORD_TYPES:
        raise Mistake(f"{quoted(text)} is not simulated", f"there are {', '.join(RECORD_TYPES)}", field=True)
    return text


def _name_server(text: str) -> Ip | None:
    return None if text == "AmazonProvidedDNS" else _address(text)


def _connectivity(text: str) -> str:
    if text not in ("public", "private"):
        raise Mistake(f"{quoted(text)} is neither public nor private", field=True)
    return text


def _quantity(example: str) -> WithJsonSchema:
    pattern = r"^[0-9]+(\.[0-9]+)? *[^0-9. ]+$"
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number in a range."""

    least: int
    most: int

    def _read(self, value: object) -> int:
        return quantity.count(text_of(value), self.least, self.most)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


_BLOCK_IPV6 = "2001:db8:0:100::/56"
_ADDRESS_IPV6 = "2001:db8:0:100::4"
_OUTSIDE_IPV6 = "3fff::a"
_OUTSIDE = "198.51.100.7"
_ELASTIC = "198.18.0.10"
_TEXT = WithJsonSchema({"type": "string"})
_RULE = WithJsonSchema({"type": "string", "examples": ["tcp 443 from 10.0.0.0/16", "icmp from friends"]})
_NUMBERED = WithJsonSchema({"type": "string", "examples": ["100 allow tcp 80 from 0.0.0.0/0"]})
_BLOCK = WithJsonSchema({"type": "string", "examples": ["10.0.0.0/16"]})
_ADDRESS = WithJsonSchema({"type": "string", "format": "ipv4", "examples": ["10.0.0.4"]})

Text = Annotated[str, from_text(str), _TEXT]
Name = Annotated[str, from_text(check_name), WithJsonSchema({"type": "string", "pattern": f"^{NAME.pattern}$"})]
Boolean = Annotated[bool, from_text(_boolean), WithJsonSchema({"type": "boolean"})]
Switch = Annotated[bool, from_text(_switch), WithJsonSchema({"enum": ["enable", "disable"]})]
Block = Annotated[Cidr, from_text(_block), _BLOCK]
Address = Annotated[Ip, from_text(_address), _ADDRESS]
BlockIpv6 = Annotated[Cidr, from_text(_block_ipv6), WithJsonSchema({"type": "string", "examples": [_BLOCK_IPV6]})]
SubnetBlockIpv6 = Annotated[
    Cidr | Literal["next"] | None,
    from_text(_subnet_ipv6),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string", "examples": ["2001:db8:0:100::/64"]}]}),
]
AddressIpv6 = Annotated[
    Ip, from_text(_address_ipv6), WithJsonSchema({"type": "string", "format": "ipv6", "examples": [_ADDRESS_IPV6]})
]
OutsideIpv6 = Annotated[
    Ip | Literal["next"] | None,
    from_text(_outside_ipv6),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string", "format": "ipv6", "examples": [_OUTSIDE_IPV6]}]}),
]
PublicAddress = Annotated[
    Ip,
    from_text(lambda text: _public(text, _OUTSIDE)),
    WithJsonSchema({"type": "string", "format": "ipv4", "examples": [_OUTSIDE]}),
]
ElasticAddress = Annotated[
    Ip,
    from_text(lambda text: _public(text, _ELASTIC)),
    WithJsonSchema({"type": "string", "format": "ipv4", "examples": [_ELASTIC]}),
]
ElasticIp = Annotated[
    Ip | Literal["new"] | None,
    from_text(_elastic_ip),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string", "format": "ipv4", "examples": [_ELASTIC]}]}),
]
Domain = Annotated[str, from_text(_domain), WithJsonSchema({"type": "string", "examples": ["corp.internal"]})]
RecordName = Annotated[str, from_text(_record_name), WithJsonSchema({"type": "string", "examples": ["www", "@"]})]
RecordType = Annotated[
    Literal["A", "CNAME", "PTR", "TXT"], from_text(_record_type), WithJsonSchema({"enum": list(RECORD_TYPES)})
]
NameServer = Annotated[Ip | None, from_text(_name_server), _ADDRESS]
"""None is AmazonProvidedDNS."""
Connectivity = Annotated[
    Literal["public", "private"], from_text(_connectivity), WithJsonSchema({"enum": ["public", "private"]})
]
Duration = Annotated[int, from_text(quantity.duration_ns), _quantity("5 ms")]
Seconds = Annotated[int, from_text(lambda text: quantity.duration_ns(text, "s")), _quantity("1 s")]
"""A duration that mostly has so many seconds; any unit will do."""
Minutes = Annotated[int, from_text(lambda text: quantity.duration_ns(text, "min")), _quantity("3 min")]
Rate = Annotated[int, from_text(quantity.rate_bps), _quantity("25 Gbit")]
Frequency = Annotated[int, from_text(quantity.frequency_hz), _quantity("3 GHz")]
Size = Annotated[int, from_text(quantity.size_bytes), _quantity("64 B")]
Queue = Annotated[int, from_text(lambda text: quantity.size_bytes(text, "KB")), _quantity("64 KB")]
Ratio = Annotated[int, from_text(quantity.ratio_ppb), _quantity("0.1 %")]
IngressRule = Annotated[Rule, from_text(lambda text: parse_rule(text, "ingress")), _RULE]
EgressRule = Annotated[Rule, from_text(lambda text: parse_rule(text, "egress")), _RULE]
NumberedIngress = Annotated[NumberedRule, from_text(lambda text: parse_numbered_rule(text, "ingress")), _NUMBERED]
NumberedEgress = Annotated[NumberedRule, from_text(lambda text: parse_numbered_rule(text, "egress")), _NUMBERED]


def _one_is_a_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _names_are_a_map(value: object) -> object:
    """A list of names stands for a map of defaults, one name for a list of one."""
    value = _one_is_a_list(value)
    if value is NOTHING:
        return {}
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return value
    for name in value:
        if value.count(name) > 1:
            raise Mistake(f"{quoted(name)} is here twice")
    return dict.fromkeys(value, NOTHING)


@dataclass(frozen=True, slots=True)
class _Also:
    """Tells editors of a short form: one item for a list, a list of names for a map."""

    form: str

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        full = handler(core_schema)
        if self.form == "item":
            return {"anyOf": [full["items"], full]}
        names = {"type": "array", "items": {"type": "string"}}
        if self.form == "values":
            return {"anyOf": [{"type": "string"}, names, full]}
        return {"anyOf": [full, {"type": "string"}, names, {"type": "null"}]}


def _values_are_a_record(value: object) -> object:
    """An address, or several, for a record of type A."""
    return {"values": value} if isinstance(value, str | list) else value


ONE_OR_MORE = (BeforeValidator(_one_is_a_list), _Also("item"))
NAMES_OR_MAP = (BeforeValidator(_names_are_a_map), _Also("names"))
VALUES_OR_MAP = (BeforeValidator(_values_are_a_record), _Also("values"))

EVERY_ZONE = "every zone"
"""The key that `per_zone: true` becomes; it cannot be a name."""


def _zones_are_a_map(value: object) -> object:
    if value == "true":
        return {EVERY_ZONE: NOTHING}
    if value is NOTHING or value == "false":
        raise Mistake("is true, a list of zones, or a map of them", "leave it out for one", field=True)
    if not value:
        raise Mistake("names no zone", "leave it out for one", field=True)
    return _names_are_a_map(value)


@dataclass(frozen=True, slots=True)
class _PerZoneSchema:
    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        names = {"type": "array", "items": {"type": "string"}}
        return {"anyOf": [{"const": True}, {"type": "string"}, names, handler(core_schema)]}


PER_ZONE = (BeforeValidator(_zones_are_a_map), _PerZoneSchema())
