"""The services and the client functions of the onboarding example, by themselves: no engine is needed.

The engine gives every task one idempotency key; here the test does. The last test is the canary: with a new key per
attempt, the counts must show what was made twice.
"""

import http.client
import json
import sqlite3
import subprocess
import sys
import threading
import types
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "python" / "examples" / "onboarding"
EMPLOYEES = 120
ATTEMPTS_MAX = 60


class Stopped(Exception):
    """Stands for tenuto.Stop."""


class Example:
    """The running services, the client functions, and the key of the task that runs now."""

    def __init__(self, folder: Path, tasks: Any, services: Any, people: list[dict[str, str]]) -> None:
        self.folder = folder
        self.tasks = tasks
        self.services = services
        self.people = people
        self.lost = 0

    def counts(self) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = self.services.counts(self.folder)
        return counts

    def run(self, body: Callable[..., Any], *arguments: Any, key_per_attempt: bool = False) -> Any:
        """Runs a body as the engine does: until it succeeds, with the same key in every attempt."""
        key = str(uuid.uuid4())
        for _ in range(ATTEMPTS_MAX):
            self.tasks.tenuto.key.value = str(uuid.uuid4()) if key_per_attempt else key
            try:
                return body(*arguments)
            except self.tasks.ServiceError:
                self.lost += 1
        raise AssertionError(f"{body.__name__} failed {ATTEMPTS_MAX} times")

    def onboard(self, person: dict[str, str]) -> None:
        account = self.run(self.tasks.create_account, person)
        mailbox = self.run(self.tasks.create_mailbox, account)
        order = self.run(self.tasks.order_laptop, person)
        if person["role"] == "engineer":
            self.run(self.tasks.add_to_repositories, account, person["team"])
        if person["kind"] == "employee":
            self.run(self.tasks.grant_vpn, account)
        self.run(self.tasks.send, mailbox, f"Welcome {person['name']}, your laptop is {order['order']}!")


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Example]]:
    """Starts the services with the given shares of failures; they end with the test."""
    started = []
    fake = types.ModuleType("tenuto")
    vars(fake).update(key=threading.local(), Stop=Stopped, open=None)
    vars(fake).update(info=lambda: types.SimpleNamespace(idempotency_key=vars(fake)["key"].value))
    for name in ("task", "workflow", "when"):
        vars(fake)[name] = lambda function=None, **_: function
    monkeypatch.setitem(sys.modules, "tenuto", fake)
    monkeypatch.syspath_prepend(str(EXAMPLE))
    for name in ("tasks", "services", "database", "onboard", "onboard_all"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setenv("ONBOARDING_SERVICES", str(tmp_path / "services.json"))

    def start(busy: float, lost: float) -> Example:
        command = [sys.executable, EXAMPLE / "services.py", tmp_path, "--busy", str(busy), "--lost", str(lost)]
        started.append(subprocess.Popen([*command, "--minutes", "2"], stdin=subprocess.PIPE))
        wait_for(tmp_path / "services.json", started[-1])
        import onboard_all
        import services
        import tasks

        return Example(tmp_path, tasks, services, onboard_all.read_people()[:EMPLOYEES])

    yield start
    for process in started:
        process.communicate(timeout=20)
        assert process.returncode == 0
    for name in ("tasks", "services", "database", "onboard", "onboard_all"):
        sys.modules.pop(name, None)


def wait_for(file: Path, process: "subprocess.Popen[bytes]") -> None:
    while not file.exists():
        assert process.poll() is None, "the services did not start"
        try:
            process.wait(timeout=0.02)
        except subprocess.TimeoutExpired:
            continue


def test_everything_is_made_once_although_every_third_request_fails(start: Callable[..., Example]) -> None:
    example = start(busy=0.2, lost=0.15)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(example.onboard, example.people))
    counts = example.counts()
    engineers = sum(person["role"] == "engineer" for person in example.people)
    employees = sum(person["kind"] == "employee" for person in example.people)
    assert {name: (count["records"], count["distinct"]) for name, count in counts.items()} == {
        "accounts": (EMPLOYEES, EMPLOYEES),
        "mailboxes": (EMPLOYEES, EMPLOYEES),
        "orders": (EMPLOYEES, EMPLOYEES),
        "repositories": (engineers, engineers),
        "vpn": (employees, employees),
        "mails": (EMPLOYEES, EMPLOYEES),
    }
    assert example.lost > EMPLOYEES
    assert all(counts[name]["repeated"] > 0 for name in ("accounts", "mailboxes", "orders", "mails"))


def test_same_key_gives_the_same_account(start: Callable[..., Example]) -> None:
    example = start(busy=0, lost=0)
    example.tasks.tenuto.key.value = "one"
    first = example.tasks.create_account(example.people[0])
    assert example.tasks.create_account(example.people[0]) == first
    assert first["name"] == example.people[0]["name"]
    assert example.counts()["accounts"] == {"records": 1, "distinct": 1, "repeated": 1}


def test_what_no_retry_can_heal_stops(start: Callable[..., Example]) -> None:
    example = start(busy=0, lost=0)
    example.tasks.tenuto.key.value = "one"
    with pytest.raises(Stopped, match=r"directory: POST /accounts: 422 accounts need email"):
        example.tasks.create_account({**example.people[0], "email": ""})
    with pytest.raises(Stopped, match=r"404 there is no /desks"):
        example.tasks._post("assets", "/desks", {})
    example.tasks.tenuto.key.value = ""
    with pytest.raises(Stopped, match=r"400 the header Idempotency-Key is missing"):
        example.tasks.order_laptop(example.people[0])


def test_busy_service_is_an_error_to_retry(start: Callable[..., Example]) -> None:
    example = start(busy=1, lost=0)
    example.tasks.tenuto.key.value = "one"
    with pytest.raises(example.tasks.ServiceError, match=r"assets: POST /orders: 503 busy"):
        example.tasks.order_laptop(example.people[0])
    with pytest.raises(example.tasks.ServiceError, match=r"mail to a@example.com: .*451"):
        example.tasks.send("a@example.com", "Welcome")
    assert all(count["records"] == 0 for count in example.counts().values())


def test_counts_and_nonsense_over_http(start: Callable[..., Example]) -> None:
    example = start(busy=0, lost=0)
    address = json.loads((example.folder / "services.json").read_text(encoding="utf-8"))["directory"]
    connection = http.client.HTTPConnection(address, timeout=10)
    answers = {}
    for method, path, body in [
        ("GET", "/counts", ""),
        ("GET", "/x", ""),
        ("POST", "/accounts", "{"),
        ("POST", "/accounts", "null"),
        ("POST", "/accounts", "[1]"),
    ]:
        connection.request(method, path, body, {"Idempotency-Key": "k"})
        response = connection.getresponse()
        answers[method, path, body] = response.status
        response.read()
    connection.close()
    assert list(answers.values()) == [200, 404, 400, 422, 422]


def test_mail_keeps_its_letters_and_repeats_are_one(start: Callable[..., Example]) -> None:
    example = start(busy=0, lost=0)
    example.tasks.tenuto.key.value = "mail-1"
    for _ in range(3):
        example.tasks.send("zoe@example.com", "Welcome Zoë Řezáč, 美咲!")
    rows = sqlite3.connect(example.folder / "mail.sqlite").execute("SELECT recipient, subject, requests FROM mails")
    assert rows.fetchall() == [("zoe@example.com", "Welcome Zoë Řezáč, 美咲!", 3)]


def test_canary_a_key_per_attempt_makes_things_twice_and_the_counts_show_it(start: Callable[..., Example]) -> None:
    example = start(busy=0, lost=0.3)
    for person in example.people:
        example.run(example.tasks.create_account, person, key_per_attempt=True)
    count = example.counts()["accounts"]
    assert count["distinct"] == EMPLOYEES
    assert count["records"] > EMPLOYEES
