"""Sees that C++ and C files are formatted as .clang-format says; leaves with 77 (skipped) without clang-format-14.

One version only: others break lines differently. `make format` does the formatting.
"""

import shutil
import subprocess
import sys

import tree

SKIPPED = 77


def main() -> int:
    clang_format = shutil.which("clang-format-14")
    if clang_format is None:
        print("format: skipped, clang-format-14 is not installed (apt-get install clang-format-14)")
        return SKIPPED
    sources = [str(path) for path in tree.files(tree.ROOT) if path.suffix in tree.CXX]
    checked = subprocess.run(
        [clang_format, "--dry-run", "--Werror", *sources],
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if checked.returncode:
        lines = [line for line in checked.stderr.splitlines() if ": error:" in line]
        print("\n".join(lines[:50]), f"\nformat: {len(lines)} places; `make format` puts them right")
        return 1
    print(f"format: {len(sources)} files ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
