"""What is wrong with a command line, in one line: the words of whoever parsed it, made ours."""

import re
from typing import Any

from dcsim.topology.words import instead, quoted


def usage(error: Any) -> str:
    """`dcsim: ping lacks DESTINATION; see dcsim ping --help`. `error` is typer's or click's."""
    path = error.ctx.command_path if error.ctx is not None else "dcsim"
    command = path.removeprefix("dcsim").strip() or "dcsim"
    help_is = f"see {path} --help"
    match type(error).__name__:
        case "NoArgsIsHelpError":
            return f"{error.format_message()}\n"
        case "MissingParameter":
            parameter = getattr(error, "param", None)
            name = parameter.metavar or parameter.name.upper() if parameter is not None else "something"
            return _line(f"{command} lacks {name}", help_is)
        case "NoSuchOption":
            option = str(getattr(error, "option_name", ""))
            meant = getattr(error, "possibilities", None)
            return _line(f"{command} has no {option}", f"Did you mean {meant[0]}?" if meant else help_is)
        case _:
            pass
    message = error.format_message().rstrip(".")
    unknown = re.match(r"No such command '(.*?)'", message)
    if unknown:
        return _line(f"no command {quoted(unknown[1])}", instead(unknown[1], error.ctx.command.commands))
    extra = re.match(r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)", message)
    if extra:
        return _line(f"{quoted(extra[1])} is too much for {command}", help_is)
    return _line(message[:1].lower() + message[1:].replace("\n", " "), help_is)


def _line(what: str, advice: str) -> str:
    return f"dcsim: {what}{'. ' if advice[0].isupper() else '; '}{advice}\n"
