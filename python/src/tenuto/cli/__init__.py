"""The command `tenuto`: one file per noun; what they share begins with an underscore. See docs/cli.md."""

from collections.abc import Sequence

__all__ = ["main"]


def main(args: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        args: the words after `tenuto`; those of the process by default.

    Returns:
        The exit code (docs/cli.md).
    """
    from tenuto.cli._app import execute

    return execute(args)
