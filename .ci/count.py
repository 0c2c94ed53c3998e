"""Prints what every step of a build did and, as its last line, how many tests passed and failed.

Reads the table that `step` in lib.sh writes (name, exit code, seconds, file of JUnit results or "-"). A step that
failed without a failed test of its own counts as one failure. No failure is counted twice: `make test` holds steps that
are in the table themselves.
"""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def count(junit: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped test cases of one JUnit file."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(junit).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main(table: Path) -> int:
    passed_all = failed_all = failed_before = 0
    for line in table.read_text(encoding="utf-8").splitlines():
        name, outcome, seconds, junit = line.split("\t")
        passed = failed = skipped = 0
        text = ""
        if junit != "-" and Path(junit).exists():
            passed, failed, skipped = count(Path(junit))
            text = f"{passed} passed, {failed} failed, {skipped} skipped"
        outer = name.startswith("make ")
        if outcome != "0" and failed == 0 and not (outer and failed_all > failed_before):
            failed = 1
        passed_all += passed
        failed_all += failed
        if outer:
            failed_before = failed_all
        print(f"{'ok    ' if outcome == '0' else 'FAILED'} {name:<26}{seconds:>5} s  {text}".rstrip())
    print(f"{passed_all} passed, {failed_all} failed")
    return 1 if failed_all else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
