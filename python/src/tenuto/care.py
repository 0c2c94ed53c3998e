"""Care of stores that no engine of this process has open: restoring a backup, compacting."""

import os
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from tenuto import _core

__all__ = ["Progress", "compact", "restore"]

#: Called with the bytes that are done and the bytes in all, about.
Progress: TypeAlias = Callable[[int, int], object]


def restore(
    backup: str | os.PathLike[str], path: str | os.PathLike[str], *, progress: Progress | None = None
) -> dict[str, Any]:
    """Makes a new store from a backup, after all of it was checked.

    It is another store than the one that the backup was made of: what came with the backup keeps its ids and idempotency
    keys, new runs have keys of their own. Tasks that ended after the backup was made are done again.

    Args:
        backup: a directory that `Engine.backup` or `tenuto db backup` made.
        path: a new or empty directory.
        progress: called now and then with the bytes that are done and the bytes in all.

    Returns:
        path, store, origin, made, position, bytes and counts.

    Raises:
        NotFound: there is no backup.
        Damaged: it is not as it was written, or the store was damaged when it was made; the text names the place.
        Conflict, Owned: something is at `path`.
        Full, StorageError, NewerFormat: as everywhere.

    Example:
        >>> restore("no-such-backup", "restored.db")
        Traceback (most recent call last):
        ...
        tenuto.errors.NotFound: there is no backup at no-such-backup
    """
    report: dict[str, Any] = msgspec.json.decode(_core.restore_store(os.fspath(backup), os.fspath(path), progress))
    return report


def compact(path: str | os.PathLike[str], *, progress: Progress | None = None) -> dict[str, Any]:
    """Shrinks the tables of a store that nobody has open to what they hold.

    Args:
        path: the store.
        progress: called now and then with the bytes that are done and the bytes in all, about.

    Returns:
        path, bytes_before, bytes_after, entries and workflows_left_out, definitions that no run needed any more.

    Raises:
        Owned: a process owns the store or reads it; the text names it.
        NotFound, Damaged, Full, StorageError: as everywhere; the store is as it was.

    Example:
        >>> compact("no-such-store")
        Traceback (most recent call last):
        ...
        tenuto.errors.NotFound: no-such-store is not a Tenuto store (it has no tenuto.store); check the path, ...
    """
    report: dict[str, Any] = msgspec.json.decode(_core.compact_store(os.fspath(path), progress))
    return report
