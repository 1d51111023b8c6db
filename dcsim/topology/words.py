"""Words for messages: suggestions, lists, numbers."""

from collections.abc import Iterable
from difflib import get_close_matches

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
LISTED = 12
SHOWN = 40
MOST_COMPARED = 2000


def shown(text: str) -> str:
    """Text of the user's, short enough for a message."""
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def quoted(text: str) -> str:
    return f"'{shown(text)}'"


def number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def listed(names: Iterable[str]) -> str:
    """`a, b, c`, cut where nobody would read on."""
    every = list(names)
    more = len(every) - LISTED
    return ", ".join(map(shown, every[:LISTED])) + (f" and {more} more" if more > 0 else "")


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    names = list(known)
    lower = {name.lower(): name for name in reversed(names)}
    if word.lower() in lower:
        return lower[word.lower()]
    # difflib is slow: nobody mistypes a hundred letters, or chooses among thousands of words.
    matches = get_close_matches(word[:100], names[:MOST_COMPARED], n=1, cutoff=0.6)
    return matches[0] if matches else None


def instead(word: str, known: Iterable[str], owner: str = "there are") -> str:
    """Advice for an unknown word: what there is, and what was probably meant."""
    names = list(known)
    if not names:
        return "there are none"
    if len(names) == 1:
        owner = owner.replace("there are", "there is")
    meant = closest(word, names)
    return f"{owner} {listed(names)}" + (f". Did you mean {meant}?" if meant else "")
