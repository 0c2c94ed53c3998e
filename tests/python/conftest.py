"""Finds the package where CMake has put it together, and keeps every test away from real stores."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE_DIR = Path(os.environ.get("TENUTO_PYTHON_DIR", ROOT / "build" / "dev" / "python"))

if "tenuto" not in sys.modules and (PACKAGE_DIR / "tenuto").is_dir():
    sys.path.insert(0, str(PACKAGE_DIR))
    # For the programs that tests start.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGE_DIR), os.environ.get("PYTHONPATH")]))

# Whoever runs the tests in the background of a shell has made them ignore it, and every program that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TENUTO_DB", str(tmp_path / "default.db"))
    yield
    # By name: a test may have given the process another `tenuto` meanwhile.
    engine: Any = sys.modules.get("tenuto.engine")
    if engine is not None and engine._default is not None:
        engine._default.close()
        engine._default = None
