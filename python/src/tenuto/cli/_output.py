"""Rows and records in the format that was asked for.

People get tables: aligned, coloured on a terminal, with units. Programs get values as they are recorded: TSV in a pipe, JSON
with `--json`, and whatever `-o` says.
"""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from tenuto.cli._exit import WrongUsage
from tenuto.cli._options import Format
from tenuto.cli._text import STATE_STYLES, json_text, one_line

__all__ = ["Column", "Output", "Row", "note", "print_json", "print_lines", "print_text"]

Row: TypeAlias = Mapping[str, Any]

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][\w-]*")
# What YAML 1.1 reads as something else than text.
_YAML_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes:
        title: its head.
        raw: the value for programs, from the row.
        cell: the text for people; the raw value by default.
        wide: shown with `-o wide` only.
        keep: never shortened on a narrow terminal.
    """

    title: str
    raw: Callable[[Row], Any]
    cell: Callable[[Row], str] | None = None
    wide: bool = False
    keep: bool = False

    @staticmethod
    def of(key: str, **words: Any) -> "Column":
        """The column of a field as it is."""
        return Column(title=key, raw=lambda row: field(row, key), **words)

    def text(self, row: Row) -> str:
        """The text for people, on one line."""
        return one_line(self.cell(row) if self.cell else json_text(self.raw(row)))


class Output:
    """Where the answer of a verb goes.

    Args:
        format: what `-o` says.
        fields: what `--json` says.
    """

    def __init__(self, format: Format | None, fields: str | None = None) -> None:
        self.fields = None if fields is None else [name.strip() for name in fields.split(",") if name.strip()]
        self.format = format or _default_format(self.fields is not None)

    @property
    def is_for_people(self) -> bool:
        """Whether a table is asked for."""
        return self.format in (Format.table, Format.wide)

    def rows(self, rows: Sequence[Row], columns: Sequence[Column], *, keys: Iterable[str], nothing: str) -> None:
        """Prints a list.

        Args:
            rows: one object each.
            columns: of the table.
            keys: what a row has; other fields are refused.
            nothing: said on a terminal when there are no rows.
        """
        rows, columns = self._picked(rows, self._shown(columns), keys)
        if self.is_for_people:
            if rows:
                _print_table([column.title for column in columns], rows, columns, cut=self.format is Format.table)
            else:
                note(nothing)
        elif self.format is Format.json:
            print_json(rows)
        else:
            self._print_rows(rows, columns)

    def record(self, record: Row, columns: Sequence[Column], *, keys: Iterable[str]) -> None:
        """Prints one object: a table has a line for each column.

        Args:
            record: the object.
            columns: of the table.
            keys: see rows.
        """
        (picked,), columns = self._picked([record], self._shown(columns), keys)
        if self.format in (Format.json, Format.jsonl):
            print_json(picked, indent=self.format is Format.json)
        elif self.format is Format.yaml:
            print_lines(_yaml(picked))
        elif self.is_for_people or self.format in (Format.tsv, Format.md):
            people = self.is_for_people
            lines = [
                {"name": column.title, "value": column.text(picked) if people else column.raw(picked)}
                for column in columns
            ]
            pair = [Column.of("name", keep=True), Column.of("value")]
            if people:
                _print_table(None, [line for line in lines if line["value"]], pair, cut=False)
            else:
                self._print_rows(lines, pair)
        else:
            self._print_rows([picked], columns)

    def _shown(self, columns: Sequence[Column]) -> Sequence[Column]:
        return [column for column in columns if self.format is Format.wide or not column.wide]

    def _picked(
        self, rows: Sequence[Row], columns: Sequence[Column], keys: Iterable[str]
    ) -> tuple[Sequence[Row], Sequence[Column]]:
        if self.fields is None:
            return rows, columns
        known = list(keys)
        for name in self.fields:
            if name.partition(".")[0] not in known:
                raise WrongUsage(f"--json: there is no field {name!r}; there are {', '.join(known)}")
        names = self.fields
        return [{name: field(row, name) for name in names} for row in rows], [_column_of_item(name) for name in names]

    def _print_rows(self, rows: Sequence[Row], columns: Sequence[Column]) -> None:
        if self.format is Format.jsonl:
            print_lines(_json(row) for row in rows)
        elif self.format is Format.yaml:
            print_lines(_yaml(list(rows)))
        elif self.format is Format.name:
            print_lines(one_line(json_text(columns[0].raw(row))) for row in rows)
        elif self.format is Format.csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(column.title for column in columns)
            writer.writerows([json_text(column.raw(row)) for column in columns] for row in rows)
        elif self.format is Format.md:
            print_lines(_markdown(rows, columns))
        else:
            print_lines("\t".join(one_line(json_text(column.raw(row))) for column in columns) for row in rows)


def field(row: Row, path: str) -> Any:
    """A field, or one inside it: `error.message`. None where there is none."""
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _column_of_item(key: str) -> Column:
    return Column(title=key, raw=lambda row: row[key])


def note(text: str) -> None:
    """Says something that is not the answer."""
    print(text, file=sys.stderr, flush=True)


def print_text(text: str, styles: Mapping[str, str] | None = None) -> None:
    """Prints lines that are made up already; on a terminal the words of `styles` get their colour."""
    text = "\n".join(map(one_line, text.split("\n")))
    if not styles or not sys.stdout.isatty():
        print_lines(text.splitlines())
        return
    from rich.console import Console
    from rich.text import Text

    coloured = Text(text)
    for word, style in styles.items():
        coloured.highlight_regex(rf"(?<=  ){word}(?=( |$))", style)
    Console(highlight=False).print(coloured, soft_wrap=True)


def print_lines(lines: Iterable[str]) -> None:
    """Prints lines."""
    for line in lines:
        sys.stdout.write(line + "\n")


def print_json(value: object, *, indent: bool = True) -> None:
    """Prints JSON: on one line in a pipe, indented on a terminal. Never wrapped."""
    print_lines([_json(value, indent=2 if indent and sys.stdout.isatty() else None)])


def _json(value: object, indent: int | None = None) -> str:
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    separators = (",", ":") if indent is None else None
    return json.dumps(value, ensure_ascii=not unicode, indent=indent, separators=separators)


def _default_format(has_fields: bool) -> Format:
    if has_fields:
        return Format.json
    return Format.table if sys.stdout.isatty() else Format.tsv


def _print_table(titles: Sequence[str] | None, rows: Sequence[Row], columns: Sequence[Column], *, cut: bool) -> None:
    """Shortens cells to the width of the terminal when `cut`, and else lets them go on in the next line."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=titles is not None, header_style="bold")
    cells = [[column.text(row) for column in columns] for row in rows]
    for number, column in enumerate(columns):
        kept = max(cell_len(row[number]) for row in cells) if column.keep else None
        overflow: Literal["ellipsis", "fold"] = "ellipsis" if cut else "fold"
        table.add_column(column.title, no_wrap=cut or column.keep, overflow=overflow, min_width=kept)
    for row in cells:
        table.add_row(*(Text(text, style=STATE_STYLES.get(text, "")) for text in row))
    console = Console(highlight=False, width=None if terminal else 10_000)
    if terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    print_lines(line.rstrip() for line in captured.get().splitlines())


def _markdown(rows: Sequence[Row], columns: Sequence[Column]) -> Iterator[str]:
    yield f"| {' | '.join(column.title for column in columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        cells = [column.text(row).replace("|", "\\|") for column in columns]
        yield f"| {' | '.join(cells)} |"


def _yaml(value: Any, indent: str = "") -> Iterator[str]:
    """Block style; what is plain and text as in JSON, which YAML takes."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            plain = _PLAIN_KEY.fullmatch(key) and key.lower() not in _YAML_WORDS
            name = key if plain else json.dumps(key)
            yield from _yaml_item(f"{indent}{name}:", item, indent)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _yaml_item(f"{indent}-", item, indent)
    else:
        yield f"{indent}{json.dumps(value, ensure_ascii=False)}"


def _yaml_item(head: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, Mapping | list) and item:
        yield head
        yield from _yaml(item, f"{indent}  ")
    else:
        yield f"{head} {json.dumps(item, ensure_ascii=False)}"
