"""Exit statuses: what scripts may rely on."""

YES = 0
NO = 1
"""An expectation failed, a packet is blocked, two runs differ."""
INPUT = 2
"""Something the user gave cannot be used."""
STOPPED = 3
"""A stop condition ended the run."""
BUG = 70
"""EX_SOFTWARE of sysexits.h: our fault."""
INTERRUPTED = 130
"""128 + SIGINT, as shells say it."""
TERMINATED = 143
"""128 + SIGTERM."""


def ended(how: str, error: BaseException) -> str:
    """What a command noted on its way out comes after it: `interrupted at 1:03, nothing kept`."""
    return " ".join([how, *getattr(error, "__notes__", ())]) + "\n"
