"""Onboards everybody in a CSV file: python onboard_all.py STORE [CSV]

It may be killed and started again at any time. Runs are started by ids of our choice, and the same id twice is the same
run: the second start of this program finds the runs of the first and waits for those that have not ended.
"""

import csv
import sys
from pathlib import Path

import tenuto
from onboard import onboard

NEW_EMPLOYEES = Path(__file__).with_name("new_employees.csv")


def read_people(path: Path = NEW_EMPLOYEES) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(store: str, people_file: str | None = None) -> None:
    people = read_people(Path(people_file)) if people_file else read_people()
    with tenuto.open(store):
        runs = [onboard.start(person, id=f"onboard-{person['employee_number']}") for person in people]
        for run in runs:
            run.result(timeout="10m")


if __name__ == "__main__":
    main(*sys.argv[1:])
