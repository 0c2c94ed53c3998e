"""The child process of `tenuto db verify`: prints a report as JSON.

python -m tenuto.cli._verify PATH
"""

import json
import signal
import sys
from typing import Final

from tenuto import TenutoError, _core

__all__ = ["REFUSED", "REPORTED"]

# Exit codes that no crash gives.
#: The report of the library is on the standard output.
REPORTED: Final = 40
#: The library made none; {status, text} is on the standard output.
REFUSED: Final = 41


def main(path: str) -> int:
    # The parent tells about Ctrl-C; this process goes without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        _, report = _core.verify_store(path)
    except TenutoError as error:
        print(json.dumps({"status": error.status, "text": str(error)}))
        return REFUSED
    sys.stdout.buffer.write(report)
    return REPORTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
