"""`tenuto version`."""

import platform
import sys
from typing import Final

import tenuto
from tenuto import _core
from tenuto.cli import _options as options
from tenuto.cli._options import Format
from tenuto.cli._output import Column, Output, print_lines

__all__ = ["version"]

_KEYS: Final = ("version", "abi", "python", "platform")


def version(output: options.OutputFormat = None, fields: options.Fields = None) -> None:
    """Show the versions of everything."""
    facts = {
        "version": tenuto.__version__,
        "abi": _core.ABI_VERSION,
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{platform.machine()}",
    }
    if fields is None and output in (None, Format.table, Format.wide):
        print_lines([f"tenuto {facts['version']} (ABI {facts['abi']}, Python {facts['python']}, {facts['platform']})"])
        return
    Output(output, fields).record(facts, [Column.of(key) for key in _KEYS], keys=facts)
