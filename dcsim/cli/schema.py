"""`dcsim schema`: JSON Schema of the files."""

import sys

import orjson

from dcsim.cli import status
from dcsim.scenario.schema import json_schema


def schema() -> int:
    sys.stdout.buffer.write(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2) + b"\n")
    return status.YES
