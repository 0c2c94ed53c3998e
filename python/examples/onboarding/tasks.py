"""The tasks of the onboarding: plain functions that call the services, with the standard library only.

Each sends the idempotency key that the engine gave to the task, the same in every attempt. So a request whose answer
was lost is repeated without harm. A function raises what a retry may heal, and `Stop` for what it can't.
"""

import contextlib
import http.client
import json
import os
import smtplib
import threading
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import tenuto

SERVICES_VARIABLE = "ONBOARDING_SERVICES"
TIMEOUT_SECONDS = 10
# Of the answers that blame the request, these two change by waiting.
WORTH_REPEATING = {408, 429}

_connections = threading.local()


class ServiceError(Exception):
    """A service did not do what it was asked for; it may the next time."""


def create_account(person: dict[str, Any]) -> dict[str, Any]:
    """Makes the employee's account in the directory."""
    return _post(
        "directory",
        "/accounts",
        {
            "employee": person["employee_number"],
            "name": person["name"],
            "email": person["email"],
            "role": person["role"],
        },
    )


def create_mailbox(account: dict[str, Any]) -> str:
    """Makes the mailbox of an account and returns its address."""
    mailbox = _post("directory", "/mailboxes", {"account": account["number"], "address": account["email"]})
    return str(mailbox["address"])


def order_laptop(person: dict[str, Any]) -> dict[str, Any]:
    """Orders a laptop and returns the order's number."""
    order = _post("assets", "/orders", {"employee": person["employee_number"], "item": "laptop"})
    return {"order": f"L-{order['number']:05}"}


def add_to_repositories(account: dict[str, Any], team: str) -> int:
    """Lets the account into the repositories of its team."""
    return int(_post("directory", "/repositories", {"account": account["number"], "team": team})["number"])


def grant_vpn(account: dict[str, Any]) -> int:
    """Lets the account into the private network."""
    return int(_post("directory", "/vpn", {"account": account["number"]})["number"])


def send(to: str, subject: str) -> str:
    """Sends a mail and returns its Message-ID, which is made from the idempotency key: sent twice it is one mail."""
    mail = EmailMessage()
    mail["Message-ID"] = f"<{tenuto.info().idempotency_key}@onboarding.example>"
    mail["From"] = "people@example.com"
    mail["To"] = to
    mail["Subject"] = subject
    mail.set_content("Your account, your mailbox and your laptop are on their way.\n")
    try:
        _mail_connection().send_message(mail)
    except (OSError, smtplib.SMTPException) as error:
        _forget("mail")
        raise ServiceError(f"mail to {to}: {error}") from error
    return str(mail["Message-ID"])


def _post(service: str, path: str, record: dict[str, Any]) -> dict[str, Any]:
    """Asks a service to make a record and returns it; the service makes one per idempotency key."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": tenuto.info().idempotency_key}
    try:
        connection = _http_connection(service)
        connection.request("POST", path, json.dumps(record), headers)
        response = connection.getresponse()
        text = response.read()
    except (OSError, http.client.HTTPException) as error:
        _forget(service)
        raise ServiceError(f"{service}: POST {path}: no answer ({type(error).__name__}: {error})") from error
    if response.status >= 400:
        message = f"{service}: POST {path}: {response.status} {json.loads(text).get('error', '')}"
        if response.status < 500 and response.status not in WORTH_REPEATING:
            raise tenuto.Stop(message)
        raise ServiceError(message)
    answer: dict[str, Any] = json.loads(text)
    return answer


def _address(service: str) -> tuple[str, int]:
    addresses = json.loads(Path(os.environ[SERVICES_VARIABLE]).read_text(encoding="utf-8"))
    host, _, port = addresses[service].rpartition(":")
    return host, int(port)


def _http_connection(service: str) -> http.client.HTTPConnection:
    """This thread's connection to a service; it is kept for the next task."""
    connection: http.client.HTTPConnection | None = getattr(_connections, service, None)
    if connection is None:
        connection = http.client.HTTPConnection(*_address(service), timeout=TIMEOUT_SECONDS)
        setattr(_connections, service, connection)
    return connection


def _mail_connection() -> smtplib.SMTP:
    connection: smtplib.SMTP | None = getattr(_connections, "mail", None)
    if connection is None:
        connection = smtplib.SMTP(*_address("mail"), local_hostname="localhost", timeout=TIMEOUT_SECONDS)
        _connections.mail = connection
    return connection


def _forget(service: str) -> None:
    """Closes this thread's connection to a service after a failure; the next call opens a new one."""
    connection = getattr(_connections, service, None)
    setattr(_connections, service, None)
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.close()
