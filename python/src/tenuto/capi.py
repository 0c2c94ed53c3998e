"""Where the C library of this installation is: flags for programs that are built against it.

cc greet.c $(python -m tenuto.capi --cflags --libs) -o greet
"""

import argparse
import shlex
from pathlib import Path

__all__ = ["cflags", "libs"]

_FOLDER = Path(__file__).parent


def cflags() -> str:
    """The compiler's flags, so that `#include <tenuto/tenuto.h>` is found.

    Returns:
        Words for a shell.
    """
    return shlex.quote(f"-I{_FOLDER / 'include'}")


def libs() -> str:
    """The linker's flags. The program finds the library where it is now.

    Returns:
        Words for a shell.
    """
    folder = _FOLDER / "lib"
    return shlex.join([f"-L{folder}", "-ltenuto", f"-Wl,-rpath,{folder}"])


def main() -> None:
    """Prints the flags that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tenuto.capi", description="Flags for C programs that use Tenuto.")
    parser.add_argument("--cflags", action="store_true", help="flags of the compiler")
    parser.add_argument("--libs", action="store_true", help="flags of the linker")
    asked = parser.parse_args()
    if not (asked.cflags or asked.libs):
        parser.error("say --cflags, --libs or both")
    if not (_FOLDER / "include").is_dir():
        parser.error(
            f"{_FOLDER} has no C library: this is the source tree; `pip install .` or `make install` gives one"
        )
    print(" ".join(([cflags()] if asked.cflags else []) + ([libs()] if asked.libs else [])))


if __name__ == "__main__":
    main()
