"""The three services of the onboarding example, for real, on loopback: an account directory and an asset service that
speak HTTP, and a mail server that speaks SMTP (RFC 5321), each with a SQLite database of its own.

    python services.py FOLDER

writes FOLDER/services.json once all of them listen, and runs until its standard input ends, which happens at the latest
when the process that started it dies, or until --minutes are over.

Every service fails now and then, as real ones do: `--busy` is the share of requests refused before anything is done
(503, or 451 in SMTP), `--lost` the share of requests that are carried out and whose answer never arrives. The second
kind is why a client sends an idempotency key.
"""

import argparse
import json
import os
import random
import select
import socketserver
import sys
import threading
from email.parser import BytesHeaderParser
from email.policy import SMTP
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import cast

from database import Collections, Database, read_counts

DIRECTORY: Collections = {
    "accounts": ("employee", "name", "email", "role"),
    "mailboxes": ("account", "address"),
    "repositories": ("account", "team"),
    "vpn": ("account",),
}
ASSETS: Collections = {"orders": ("employee", "item")}
MAIL: Collections = {"mails": ("recipient", "sender", "subject")}
DATABASES: dict[str, Collections] = {"directory": DIRECTORY, "assets": ASSETS, "mail": MAIL}

BODY_BYTES_MAX = 1 << 20


class Faults:
    """Decides by a seed which requests go wrong, and how."""

    def __init__(self, seed: int, busy: float, lost: float) -> None:
        self._random = random.Random(seed)
        self._busy = busy
        self._lost = lost
        self._lock = threading.Lock()

    def next(self) -> str:
        """`busy`, `lost` or, mostly, nothing."""
        with self._lock:
            draw = self._random.random()
        if draw < self._busy:
            return "busy"
        return "lost" if draw < self._busy + self._lost else ""


class Service(socketserver.ThreadingTCPServer):
    """Listens on a free port of loopback, one thread per connection; a client that dies is no error."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, handler: type[socketserver.BaseRequestHandler], database: Database, faults: Faults) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.database = database
        self.faults = faults

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class HttpHandler(BaseHTTPRequestHandler):
    """POST /<collection> makes a record, once per Idempotency-Key; GET /counts counts them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        if self.path != "/counts":
            self._answer(HTTPStatus.NOT_FOUND, {"error": f"there is no {self.path}"})
            return
        self._answer(HTTPStatus.OK, self._service().database.counts())

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        if length > BODY_BYTES_MAX:
            self.close_connection = True
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"a body of {length} bytes is too large"})
            return
        body = self.rfile.read(length)
        fault = self._service().faults.next()
        if fault == "busy":
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "busy, please try again"})
            return
        status, answer = self._make(body)
        if fault == "lost":
            self.close_connection = True
            return
        self._answer(status, answer)

    def _make(self, body: bytes) -> tuple[HTTPStatus, dict[str, object]]:
        database = self._service().database
        collection = self.path.removeprefix("/")
        if collection not in database.collections:
            return HTTPStatus.NOT_FOUND, {"error": f"there is no {self.path}"}
        key = self.headers.get("Idempotency-Key")
        if not key:
            return HTTPStatus.BAD_REQUEST, {"error": "the header Idempotency-Key is missing"}
        try:
            record = json.loads(body)
        except ValueError as error:
            return HTTPStatus.BAD_REQUEST, {"error": f"the body is not JSON: {error}"}
        if not isinstance(record, dict):
            return HTTPStatus.UNPROCESSABLE_ENTITY, {"error": "the body is not a JSON object"}
        missing = [column for column in database.collections[collection] if not record.get(column)]
        if missing:
            return HTTPStatus.UNPROCESSABLE_ENTITY, {"error": f"{collection} need {', '.join(missing)}"}
        number, made = database.add(collection, key, record)
        return (HTTPStatus.CREATED if made else HTTPStatus.OK), {"number": number, **record}

    def _answer(self, status: HTTPStatus, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _service(self) -> Service:
        return cast(Service, self.server)

    def log_message(self, format: str, *args: object) -> None:
        """The services are quiet: their databases tell what happened."""


class MailHandler(socketserver.StreamRequestHandler):
    """Takes mails. Two with the same Message-ID are one mail that was sent twice."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.sender = ""
        self.recipients: list[str] = []
        self._say("220 localhost ready")
        while line := self.rfile.readline(4096):
            verb, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
            if not self._obey(verb.upper(), argument):
                return

    def _obey(self, verb: str, argument: str) -> bool:
        """Carries out one command; false ends the conversation."""
        if verb in ("EHLO", "HELO", "NOOP"):
            self._say("250 localhost")
        elif verb == "RSET":
            self.sender, self.recipients = "", []
            self._say("250 forgotten")
        elif verb == "MAIL":
            self.sender, self.recipients = _address(argument), []
            self._say("250 sender ok")
        elif verb == "RCPT" and self.sender:
            self.recipients.append(_address(argument))
            self._say("250 recipient ok")
        elif verb == "DATA" and self.recipients:
            return self._take_mail()
        elif verb == "QUIT":
            self._say("221 bye")
            return False
        elif verb in ("RCPT", "DATA"):
            self._say("503 not in this order")
        else:
            self._say(f"502 {verb} is not known here")
        return True

    def _take_mail(self) -> bool:
        service = cast(Service, self.server)
        fault = service.faults.next()
        if fault == "busy":
            self._say("451 4.3.0 busy, please try again")
            return True
        self._say("354 end with a single dot")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        headers = BytesHeaderParser(policy=SMTP).parsebytes(b"".join(lines))
        if not headers["Message-ID"]:
            self._say("554 a mail without a Message-ID is not taken")
            return True
        for recipient in self.recipients:
            record = {"recipient": recipient, "sender": self.sender, "subject": str(headers["Subject"])}
            service.database.add("mails", f"{headers['Message-ID']} {recipient}", record)
        self.recipients = []
        if fault == "lost":
            return False
        self._say("250 taken")
        return True

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


def _address(argument: str) -> str:
    """`FROM:<a@b> SIZE=12` -> `a@b`."""
    return argument.partition("<")[2].partition(">")[0]


def counts(folder: Path) -> dict[str, dict[str, int]]:
    """What the services have in their databases, by collection."""
    found: dict[str, dict[str, int]] = {}
    for name, collections in DATABASES.items():
        found |= read_counts(folder / f"{name}.sqlite", collections)
    return found


def serve(folder: Path, seed: int, busy: float, lost: float, seconds: float) -> None:
    """Runs the services until standard input ends or the time is over."""
    folder.mkdir(parents=True, exist_ok=True)
    addresses = {}
    for number, (name, collections) in enumerate(DATABASES.items()):
        database = Database(folder / f"{name}.sqlite", collections)
        handler = MailHandler if name == "mail" else HttpHandler
        service = Service(handler, database, Faults(seed + number, busy, lost))
        threading.Thread(target=service.serve_forever, daemon=True).start()
        addresses[name] = "{}:{}".format(*service.server_address[:2])
    written = folder / "services.json.new"
    written.write_text(json.dumps(addresses), encoding="utf-8")
    os.replace(written, folder / "services.json")
    while select.select([sys.stdin], [], [], seconds)[0] and sys.stdin.readline():
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description="The services of the onboarding example.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--busy", type=float, default=0.03)
    parser.add_argument("--lost", type=float, default=0.01)
    parser.add_argument("--minutes", type=float, default=30)
    options = parser.parse_args()
    serve(options.folder, options.seed, options.busy, options.lost, options.minutes * 60)


if __name__ == "__main__":
    main()
