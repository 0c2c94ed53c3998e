"""The application: verbs, and how they end."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from tenuto.cli import _exit, check, db, events, ls, run, show, stats, version
from tenuto.cli import cancel as cancelling
from tenuto.cli._interrupt import prompt_interrupts
from tenuto.cli._options import Db
from tenuto.cli._output import note
from tenuto.cli._text import one_line

__all__ = ["app", "execute"]

# The errors of the words of a command. Typer shows this one of their classes.
_UsageError: Final[type[Exception]] = typer.BadParameter.__bases__[0]


class Application(TyperGroup):
    """Turns every error into one line and an exit code, as docs/cli.md has them."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        words = list(sys.argv[1:] if args is None else args) or ["--help"]
        try:
            code = super().main(words, prog_name or "tenuto", complete_var, False, windows_expand_args, **extra)
        except _UsageError as error:
            where = getattr(error, "ctx", None)
            command = where.command_path if where else "tenuto"
            _say(f"{getattr(error, 'format_message', error.__str__)().rstrip('.')}; see {command} --help")
            code = _exit.USAGE
        sys.exit(code if isinstance(code, int) else _exit.OK)

    def invoke(self, ctx: Any) -> Any:
        try:
            super().invoke(ctx)
            sys.stdout.flush()
        except (typer.Exit, _UsageError):
            raise
        except BrokenPipeError:
            _let_go_of_stdout()
            raise typer.Exit(_exit.PIPE_CLOSED) from None
        except (KeyboardInterrupt, typer.Abort):
            _say("interrupted")
            raise typer.Exit(_exit.INTERRUPTED) from None
        except Exception as error:
            if ctx.params.get("traceback"):
                raise
            _flush()
            _say(_exit.text_of(error))
            raise typer.Exit(_exit.code_of(error)) from None


app: Final = typer.Typer(
    cls=Application,
    name="tenuto",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def tenuto(
    context: typer.Context,
    db: Db = None,
    traceback: Annotated[bool, typer.Option("--traceback", help="Show where an error came from.")] = False,
) -> None:
    """Durable workflows: start them, look at them, cancel them.

    Exit codes: 0 ok, 1 error, 2 usage, 3 the run failed, 4 rejected or cancelled, 5 the wait timed out, 6 not found,
    7 the store is busy.
    """
    context.obj = db


_VERBS: Final[tuple[Callable[..., None], ...]] = (
    run.run,
    run.start,
    ls.ls,
    show.show,
    show.tree,
    events.events,
    cancelling.cancel,
    stats.stats,
    check.check,
    check.draw,
)
for _verb in _VERBS:
    app.command()(_verb)
app.add_typer(db.app, name="db")
app.command()(version.version)


def execute(args: Sequence[str] | None) -> int:
    """Runs the command and returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal in an old encoding gets escapes instead of an exception.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        with prompt_interrupts():
            app(args, prog_name="tenuto")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else _exit.OK
    except KeyboardInterrupt:
        return _exit.INTERRUPTED
    return _exit.OK


def _say(text: str) -> None:
    first, *rest = map(one_line, text.splitlines() or [""])
    note("\n".join([f"tenuto: {first}", *(f"  {line}" if line else "" for line in rest)]))


def _flush() -> None:
    """What was printed before an error comes before it; a stream that is the error's cause can't be helped."""
    try:
        sys.stdout.flush()
    except OSError:
        _let_go_of_stdout()


def _let_go_of_stdout() -> None:
    """Nobody reads it any more, so that the flush at the end of the interpreter must not fail."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")
