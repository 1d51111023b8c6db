"""YAML in one line: words, lists and maps, quoted where they must be."""

Block = dict[str, "str | list[str] | Block"]


def inline(value: "str | list[str] | Block") -> str:
    """The value as it can stand after a colon."""
    if isinstance(value, str):
        return _scalar(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    return f"{{{', '.join(f'{_scalar(key)}: {inline(each)}' for key, each in value.items())}}}"


def _scalar(text: str) -> str:
    """Plain where that is safe inside braces."""
    safe = text and text[0].isalnum() and all(c.isalnum() or c in " ./-_%" for c in text)
    if safe and text.isascii() and text == text.strip():
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if " " <= character <= "~" else f"\\U{ord(character):08X}"
