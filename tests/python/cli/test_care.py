"""`tenuto db backup`, `restore`, `compact` and `prune`, as people use them and as they misuse them."""

import os
import resource
import shutil
from pathlib import Path
from typing import Any

import pytest

import tenuto


def ids(project: Any, store: object = None) -> set[str]:
    at = [] if store is None else ["--db", store]
    return set(project.call(*at, "ls", "-o", "name", "--limit", "1000").out.split())


def start(project: Any, *names: str, workflow: str = "etl") -> None:
    for name in names:
        words = ("-p", "day=1") if workflow == "etl" else ()
        assert project.call("run", f"flows:{workflow}", *words, "--id", name).code in (0, 3)


def test_a_backup_becomes_a_store_that_goes_on(project: Any) -> None:
    start(project, "e1", "e2")
    start(project, "b1", workflow="broken")
    made = project.call("db", "backup", "nightly", "--check", "-o", "json")
    assert (made.code, made.err) == (0, "")
    assert made.json()["checked"] is True
    start(project, "e3")
    told = project.call("db", "restore", "nightly", "again.db", "-o", "table")
    assert told.code == 0, told.err
    assert told.out.startswith("restored: again.db, as of 20")
    assert ids(project, "again.db") == {"e1", "e2", "b1"}
    assert project.call("--db", "again.db", "db", "verify").code == 0
    assert project.call("--db", "again.db", "run", "flows:etl", "-p", "day=2", "--id", "e4").code == 0
    assert ids(project, "again.db") == {"e1", "e2", "b1", "e4"}
    assert ids(project) == {"e1", "e2", "b1", "e3"}
    uuid = project.call("db", "info", "--json", "uuid").json()
    assert project.call("--db", "again.db", "db", "info", "--json", "uuid").json() != uuid


def test_generated_ids_stay_in_a_restored_store_also_of_a_restored_store(project: Any) -> None:
    run = project.call("run", "flows:etl", "-p", "day=1")
    assert run.code == 0
    (name,) = ids(project)
    assert project.call("db", "backup", "b1").code == 0
    assert project.call("db", "restore", "b1", "s1").code == 0
    assert project.call("--db", "s1", "run", "flows:etl", "-p", "day=2").code == 0
    (second,) = ids(project, "s1") - {name}
    assert project.call("--db", "s1", "db", "backup", "b2").code == 0
    assert project.call("db", "restore", "b2", "s2").code == 0
    assert ids(project, "s2") == {name, second}
    for one in (name, second):
        assert project.call("--db", "s2", "show", one).code == 0
    assert project.call("show", second).code == 6


def test_a_backup_beside_an_owner(project: Any) -> None:
    project.owner()
    assert project.tenuto("run", "flows:etl", "-p", "day=1", "--id", "e1").code == 0
    assert project.call("db", "backup", "nightly").code == 0
    assert project.call("db", "restore", "nightly", "again.db").code == 0
    assert ids(project, "again.db") == {"e1"}


def test_an_accepted_command_is_in_the_backup(project: Any) -> None:
    start(project, "e1")
    assert project.call("start", "flows:etl", "-p", "day=1", "--id", "e2").code == 0
    made = project.call("db", "backup", "nightly", "-o", "json").json()
    restored = project.call("db", "restore", "nightly", "again.db", "-o", "json").json()
    assert made["commands"] == restored["commands"] == len(list((project.store / "inbox").iterdir()))
    project.call("--db", "again.db", "run", "flows:etl", "-p", "day=1", "--id", "e3")
    assert ids(project, "again.db") == {"e1", "e2", "e3"}


def test_targets_that_are_refused(project: Any) -> None:
    start(project, "e1")
    Path("file").write_text("x")
    Path("folder").mkdir()
    os.symlink("nowhere", "link")
    for target in ("file", "folder", "link", "tenuto.db"):
        answer = project.call("db", "backup", target)
        assert (answer.code, answer.out) == (1, ""), target
        assert f"{target} exists" in answer.err
    inside = project.call("db", "backup", "tenuto.db/backup")
    assert inside.code == 1
    assert "lies in the store" in inside.err
    os.symlink("tenuto.db", "way")
    assert "lies in the store" in project.call("db", "backup", "way/backup").err
    nowhere = project.call("db", "backup", "no/such/backup")
    assert nowhere.code == 1
    assert "there is no directory no/such" in nowhere.err
    assert project.call("--db", "none.db", "db", "backup", "b").code == 6
    assert sorted(path.name for path in Path().glob("*partial*")) == []


def test_restoring_what_is_no_backup_or_over_something(project: Any) -> None:
    start(project, "e1")
    assert project.call("db", "backup", "nightly").code == 0
    assert project.call("db", "restore", "none", "s").code == 6
    Path("folder").mkdir()
    answer = project.call("db", "restore", "folder", "s")
    assert answer.code == 6
    assert "is not a backup" in answer.err
    over = project.call("db", "restore", "nightly", "tenuto.db")
    assert over.code == 1
    assert "is a store already" in over.err
    Path("file").write_text("x")
    assert "file exists" in project.call("db", "restore", "nightly", "file").err
    Path("full").mkdir()
    Path("full", "x").write_text("x")
    assert "full exists" in project.call("db", "restore", "nightly", "full").err
    assert project.call("db", "restore", "nightly").code == 2
    assert project.call("db", "restore", "nightly", "s", "--dry-run").code == 2
    assert project.call("db", "restore", "nightly", "folder").code == 0
    owner = project.owner()
    owned = project.call("db", "restore", "nightly", "tenuto.db")
    assert owned.code == 7
    assert f"owned by process {owner.pid}" in owned.err


def test_a_damaged_backup_is_refused_with_the_place(project: Any) -> None:
    start(project, "e1")
    assert project.call("db", "backup", "nightly").code == 0
    assert project.call("db", "restore", "--dry-run", "nightly").code == 0
    for name in ("data.mdb", "tenuto.backup"):
        shutil.rmtree("copy", ignore_errors=True)
        shutil.copytree("nightly", "copy")
        content = bytearray(Path("copy", name).read_bytes())
        content[len(content) // 2] ^= 1
        Path("copy", name).write_bytes(content)
        for words in (("--dry-run", "copy"), ("copy", "s")):
            answer = project.call("db", "restore", *words)
            assert (answer.code, answer.out) == (1, ""), name
            assert "damaged" in answer.err
            assert name in answer.err
        assert not Path("s").exists()
    Path("copy", "data.mdb").write_bytes(Path("nightly", "data.mdb").read_bytes()[:-100])
    shutil.copy(Path("nightly", "tenuto.backup"), "copy")
    assert "ends after" in project.call("db", "restore", "copy", "s").err
    Path("copy", "data.mdb").unlink()
    assert "data.mdb is missing" in project.call("db", "restore", "copy", "s").err
    assert sorted(path.name for path in Path().glob("s*")) == []


def test_a_backup_of_a_newer_version_is_refused(project: Any) -> None:
    start(project, "e1")
    marker = project.store / "tenuto.store"
    marker.write_text(marker.read_text().replace("format 3", "format 9"))
    for verb in (("db", "backup", "b"), ("db", "verify"), ("db", "compact"), ("ls",)):
        answer = project.call(*verb)
        assert answer.code == 1
        assert "format 9" in answer.err + answer.out
        assert "use a newer Tenuto" in answer.err + answer.out
    marker.write_text(marker.read_text().replace("format 9", "format 2"))
    old = project.call("ls")
    assert old.code == 1
    assert "format 2 of a Tenuto before its first release" in old.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission(project: Any) -> None:
    start(project, "e1")
    Path("closed").mkdir(0o500)
    answer = project.call("db", "backup", "closed/b")
    assert answer.code == 1
    assert "Permission denied" in answer.err


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_no_space_leaves_nothing(project: Any) -> None:
    start(project, "e1")
    assert project.call("db", "backup", "nightly").code == 0
    for verb in (("db", "backup", "b"), ("db", "restore", "nightly", "s"), ("db", "compact")):
        child = project.popen(*verb, preexec_fn=small_files)
        _, said = child.communicate(timeout=60)
        assert child.returncode == 1, said
        assert "free some space" in said
        assert "Traceback" not in said
    assert {path.name for path in Path().iterdir()} >= {"nightly", "tenuto.db"}
    assert not list(Path().glob("b*.*")) and not list(Path().glob("s*")) and not Path("b").exists()
    assert not Path("tenuto.db", "compact.new").exists()
    assert project.call("db", "verify").code == 0


def test_compact_gives_space_back_and_keeps_everything(project: Any) -> None:
    with tenuto.open(project.store):
        pass
    start(project, "e1")
    for number in range(3):
        start(project, f"x{number}")
    before = ids(project)
    answer = project.call("db", "compact", "-o", "json")
    assert answer.code == 0, answer.err
    assert answer.json()["bytes_after"] <= answer.json()["bytes_before"]
    assert ids(project) == before
    assert project.call("db", "verify").code == 0
    start(project, "e9")
    assert ids(project) == before | {"e9"}


def test_definitions_that_no_run_needs_go_with_a_compaction(project: Any) -> None:
    start(project, "e1")
    start(project, "b1", workflow="broken")
    assert project.call("db", "compact", "-o", "json").json()["workflows_left_out"] == 0
    assert project.call("db", "prune", "--workflow", "broken", "--keep", "0", "--yes").code == 0
    assert project.call("db", "compact", "-o", "json").json()["workflows_left_out"] == 1
    assert project.call("db", "verify").code == 0
    start(project, "b2", workflow="broken")
    assert ids(project) == {"e1", "b2"}
    # What starts in the journal behind the tables needs its definition, too.
    owner = project.owner()
    assert project.tenuto("run", "flows:retried", "--id", "r1").code == 0
    owner.kill()
    owner.wait()
    assert project.call("db", "compact", "-o", "json").json()["workflows_left_out"] == 0
    assert ids(project) == {"e1", "b2", "r1"}


def test_compact_beside_an_owner_or_a_reader_is_refused(project: Any) -> None:
    start(project, "e1")
    owner = project.owner()
    answer = project.call("db", "compact")
    assert answer.code == 7
    assert f"owned by process {owner.pid}" in answer.err
    owner.communicate("")
    with tenuto.open(project.store, mode="client"):
        # In this process and from another.
        assert project.call("db", "compact").code == 7
        other = project.tenuto("db", "compact")
        assert other.code == 7
        assert f"process {os.getpid()} reads the store" in other.err
    assert project.call("db", "compact").code == 0
    assert project.call("--db", "none", "db", "compact").code == 6
    Path("folder").mkdir()
    assert project.call("--db", "folder", "db", "compact").code == 6
    Path("file").write_text("x")
    assert project.call("--db", "file", "db", "compact").code == 1


def test_prune_takes_what_all_conditions_select(project: Any) -> None:
    start(project, "e1", "e2", "e3", "e4")
    start(project, "b1", "b2", workflow="broken")
    assert project.call("db", "prune").code == 2
    assert project.call("db", "prune", "--state", "running").code == 2
    assert project.call("db", "prune", "--state", "nonsense").code == 2
    assert project.call("db", "prune", "--keep", "-1").code == 2
    asked = project.call("db", "prune", "--state", "failed", "--keep", "1")
    assert asked.code == 2
    assert "--yes" in asked.err
    assert project.call("db", "prune", "--older-than", "1d", "--yes", "-o", "json").json()["runs"] == 0
    would = project.call("db", "prune", "--state", "failed", "--keep", "1", "--dry-run", "-o", "json").json()
    assert (would["runs"], would["matching"], would["states"]) == (1, 2, {"failed": 1})
    assert ids(project) == {"e1", "e2", "e3", "e4", "b1", "b2"}
    done = project.call("db", "prune", "--state", "failed", "--keep", "1", "--yes", "-o", "json").json()
    assert (done["runs"], done["dry_run"]) == (1, False)
    assert ids(project) == {"e1", "e2", "e3", "e4", "b2"}
    assert project.call("db", "prune", "--workflow", "etl", "--keep", "2", "--yes").code == 0
    assert ids(project) == {"e3", "e4", "b2"}
    assert project.call("show", "e1").code == 6
    # Its id is free again.
    start(project, "e1")
    assert project.call("db", "verify").code == 0


def test_prune_through_the_owner_spares_live_runs(project: Any, until: Any) -> None:
    start(project, "e1", "e2")
    project.owner()
    gate = project.folder / "gate"
    assert project.tenuto("start", "flows:gated", "-p", f"path={gate}", "--id", "g1").code == 0
    until(lambda: project.call("show", "g1", "--json", "state").json() == {"state": "running"})
    done = project.call("db", "prune", "--keep", "0", "--yes", "-o", "json")
    assert done.code == 0, done.err
    assert done.json()["runs"] == 2
    assert ids(project) == {"g1"}
    gate.write_text("x")
    until(lambda: project.call("show", "g1", "--json", "state").json() == {"state": "completed"})


def test_from_python(project: Any, tmp_path: Path) -> None:
    start(project, "e1", "e2")
    told: list[tuple[int, int]] = []
    with tenuto.open(project.store) as engine:
        made = engine.backup(tmp_path / "b", progress=lambda done, total: told.append((done, total)))
        with pytest.raises(tenuto.Conflict, match="exists"):
            engine.backup(tmp_path / "b")
        assert engine.prune(keep=1)["runs"] == 1
        assert [row.id for row in engine.runs()] == ["e2"]
        with pytest.raises(tenuto.InvalidArgument, match="nothing about which runs"):
            engine.prune()
        with pytest.raises(ZeroDivisionError):
            engine.backup(tmp_path / "c", progress=lambda done, total: 1 // 0)
    assert told
    assert made["bytes"] > 0
    assert tenuto.restore(tmp_path / "b", tmp_path / "s")["origin"] == made["store"]
    with tenuto.open(tmp_path / "s") as engine:
        assert {row.id for row in engine.runs()} == {"e1", "e2"}
        with pytest.raises(tenuto.Owned):
            tenuto.compact(tmp_path / "s")
    assert tenuto.compact(tmp_path / "s")["entries"] > 0
