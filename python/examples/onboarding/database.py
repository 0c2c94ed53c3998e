"""The database of a service: what was asked for is made once per idempotency key, and can be counted.

*Thread safety*: all methods may be called from any thread; writers take turns.
"""

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

# The columns of each collection. The first is the one that must not repeat: an employee has one account.
Collections = Mapping[str, Sequence[str]]


class Database:
    """Collections of records in one SQLite file."""

    def __init__(self, path: Path, collections: Collections) -> None:
        self.collections = collections
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # The services outlive the engine that is killed, not a power cut: they need no sync.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        for name, columns in collections.items():
            self._connection.execute(
                f"CREATE TABLE IF NOT EXISTS {name} (number INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL,"
                f" requests INTEGER NOT NULL DEFAULT 1, {', '.join(columns)})"
            )

    def add(self, collection: str, key: str, record: Mapping[str, object]) -> tuple[int, bool]:
        """The number of the record made for `key`, and whether it was made just now."""
        columns = self.collections[collection]
        places = ", ".join("?" * (len(columns) + 1))
        with self._lock:
            (number, requests) = self._connection.execute(
                f"INSERT INTO {collection} (key, {', '.join(columns)}) VALUES ({places})"
                " ON CONFLICT (key) DO UPDATE SET requests = requests + 1 RETURNING number, requests",
                [key, *(record[column] for column in columns)],
            ).fetchone()
        return number, requests == 1

    def counts(self) -> dict[str, dict[str, int]]:
        """Per collection: records, records about different people, and requests that found their record made."""
        with self._lock:
            return {name: _count(self._connection, name, columns[0]) for name, columns in self.collections.items()}

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _count(connection: sqlite3.Connection, collection: str, column: str) -> dict[str, int]:
    records, distinct, requests = connection.execute(
        f"SELECT count(*), count(DISTINCT {column}), coalesce(sum(requests), 0) FROM {collection}"
    ).fetchone()
    return {"records": records, "distinct": distinct, "repeated": requests - records}


def read_counts(path: Path, collections: Collections) -> dict[str, dict[str, int]]:
    """What `Database.counts` says, read from the file beside the running service."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return {name: _count(connection, name, columns[0]) for name, columns in collections.items()}
