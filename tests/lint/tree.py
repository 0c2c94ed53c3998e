"""The files of the project and their text without comments, as the house rules read them."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CXX = {".h", ".cpp", ".c"}

_SKIPPED_FOLDERS = {"build", "dist", ".git", "node_modules", "__pycache__"}
_COMMENT_OR_STRING = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<delimiter>[^(\s]*)\(.*?\)(?P=delimiter)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)
_DIGIT_SEPARATOR = re.compile(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])")


def files(root: Path) -> list[Path]:
    """All files under version control or about to be; without git, all files outside the build folders."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\0")
        paths = [root / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [p for p in root.rglob("*") if not _SKIPPED_FOLDERS & set(p.relative_to(root).parts)]
    return sorted(path for path in set(paths) if path.is_file() and not path.is_symlink())


def text_of(path: Path) -> str | None:
    """The text of a file, or None when it is binary."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def code_of(text: str) -> str:
    """C or C++ text with comments removed and literals emptied; every line keeps its number."""

    def blank(match: re.Match[str]) -> str:
        token = match.group()
        newlines = "\n" * token.count("\n")
        return newlines if token.startswith("/") else '""' + newlines

    return _COMMENT_OR_STRING.sub(blank, _DIGIT_SEPARATOR.sub("", text))
