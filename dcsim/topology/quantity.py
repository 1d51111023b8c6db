"""Quantities with units to integers and back, exactly: `0.3 ms` is 300000 ns. No float ever."""

import re
from dataclasses import dataclass
from fractions import Fraction

from dcsim.problem import Mistake
from dcsim.topology.words import closest, quoted

SHAPE = re.compile(r"(-?)([0-9]{1,18}(?:\.[0-9]{1,18})?) *([^\s0-9.][^\s]{0,15})?")


@dataclass(frozen=True, slots=True)
class Scale:
    """A kind of quantity. `units` are in the smallest unit that counts, rising; `usual` is for advice."""

    units: dict[str, int]
    usual: str
    most: int
    least: int = 0

    def parse(self, text: str, usual: str = "") -> int:
        """`usual` is the unit that its place mostly has."""
        usual, matched = usual or self.usual, SHAPE.fullmatch(text)
        assert usual in self.units
        if matched is None:
            raise Mistake(f"{quoted(text)} is no quantity", f"write it like 5 {usual}", field=True)
        sign, digits, unit = matched.groups()
        if unit is None:
            raise Mistake(f"{text} lacks a unit", f"write {text} {usual}", field=True)
        value = Fraction(digits) * self._factor(unit, digits)
        if sign and value:
            raise Mistake(f"{text} is negative", field=True)
        if value.denominator != 1:
            raise Mistake(f"{text} is finer than 1 {next(iter(self.units))}", field=True)
        return self._bounded(int(value), text)

    def _factor(self, unit: str, digits: str) -> int:
        try:
            return self.units[unit]
        except KeyError:
            meant = closest(unit, self.units)
            advice = f"write {digits} {meant}" if meant else f"units are {', '.join(self.units)}"
            raise Mistake(f"{digits} {unit} has an unknown unit", advice, field=True) from None

    def _bounded(self, value: int, text: str) -> int:
        if value > self.most:
            raise Mistake(f"{text} is too much", f"the most is {self.format(self.most)}", field=True)
        if value < self.least:
            raise Mistake(f"{text} is too little", f"the least is {self.format(self.least)}", field=True)
        return value

    def format(self, value: int, significant: int | None = None) -> str:
        """Exact, or rounded to so many significant digits; digits before the point are always kept."""
        unit, factor = self._unit_for(value)
        return f"{decimal(Fraction(value, factor), significant)} {unit}"

    def _unit_for(self, value: int) -> tuple[str, int]:
        """The largest unit that makes the number at least 1."""
        fitting = [(unit, factor) for unit, factor in self.units.items() if abs(value) >= factor]
        return fitting[-1] if fitting else next(iter(self.units.items()))


def decimal(value: Fraction, significant: int | None) -> str:
    """A fraction as digits. Exact values must have a finite decimal expansion; units see to that."""
    places = 18 if significant is None else max(0, significant - len(str(abs(int(value)))))
    scaled = round(value * 10**places)
    whole, rest = divmod(abs(scaled), 10**places)
    digits = str(rest).rjust(places, "0").rstrip("0")
    return ("-" if scaled < 0 else "") + str(whole) + (f".{digits}" if places and digits else "")


NS_PER_S = 1_000_000_000
PPB_PER_PERCENT = 10_000_000

DURATION = Scale(
    {
        "ns": 1,
        "us": 1_000,
        "ms": 1_000_000,
        "s": NS_PER_S,
        "min": 60 * NS_PER_S,
        "h": 3600 * NS_PER_S,
        "day": 86_400 * NS_PER_S,
    },
    "ms",
    most=36_500 * 86_400 * NS_PER_S,
)
RATE = Scale({"bit": 1, "Kbit": 10**3, "Mbit": 10**6, "Gbit": 10**9, "Tbit": 10**12}, "Gbit", most=10**15, least=1)
FREQUENCY = Scale({"Hz": 1, "kHz": 10**3, "MHz": 10**6, "GHz": 10**9}, "GHz", most=10**12, least=1)
SIZE = Scale({"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}, "B", most=10**15)
PERCENT = Scale({"%": PPB_PER_PERCENT}, "%", most=100 * PPB_PER_PERCENT)


def duration_ns(text: str, usual: str = "ms") -> int:
    return DURATION.parse(text, usual)


def rate_bps(text: str) -> int:
    """Bits per second; `10 Gbit` and `10 Gbit/s` are the same."""
    return RATE.parse(text.removesuffix("/s"))


def ratio_ppb(text: str) -> int:
    try:
        return PERCENT.parse(text)
    except Mistake as mistake:
        if mistake.message.endswith("is finer than 1 %"):
            raise Mistake(f"{text} is finer than 0.0000001 %", field=True) from None
        raise


def frequency_hz(text: str) -> int:
    return FREQUENCY.parse(text)


def size_bytes(text: str, usual: str = "B") -> int:
    return SIZE.parse(text, usual)


def count(text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"-?[0-9]{1,40}", text):
        raise Mistake(f"{quoted(text)} is not a whole number", field=True)
    value = int(text)
    if not least <= value <= most:
        # Nobody counts to the end of 63 bits.
        end = "" if value < least and most > 10**18 else f" to {most}"
        raise Mistake(f"{text} is out of range", f"it goes from {least}{end}", field=True)
    return value


def format_duration(ns: int, significant: int | None = None) -> str:
    """`1.094 ms`, `61.3 s`, `3 min`: minutes and longer only when they come out whole."""
    whole = [unit for unit in ("day", "h", "min") if ns and ns % DURATION.units[unit] == 0]
    if whole:
        return f"{ns // DURATION.units[whole[0]]} {whole[0]}"
    if abs(ns) >= NS_PER_S:
        return f"{decimal(Fraction(ns, NS_PER_S), significant)} s"
    return DURATION.format(ns, significant) if ns else "0 s"


def format_percent(ppb: int, significant: int | None = None) -> str:
    """Rounding never makes a whole of what is not: 99.99 % stays, whatever the digits."""
    text = decimal(Fraction(ppb, PPB_PER_PERCENT), significant)
    if text in ("0", "100") and ppb not in (0, 100 * PPB_PER_PERCENT):
        text = decimal(Fraction(ppb, PPB_PER_PERCENT), None)
    return f"{text} %"


def format_rate(bps: int) -> str:
    return RATE.format(bps)


def format_size(size: int) -> str:
    return SIZE.format(size)


def format_frequency(hz: int) -> str:
    return FREQUENCY.format(hz)
