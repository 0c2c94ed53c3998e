"""Renders the figures of a summary as Markdown.

table.py SUMMARY              print it
table.py SUMMARY DOCUMENT     put it into the document, between the two comments that name this program
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

Figure = dict[str, Any]

BEGIN = "<!-- figures: written by bench/table.py -->"
END = "<!-- end of figures -->"
SHAPE = re.compile(r"(?P<shape>\S+ 1e\d) x(?P<workers>\d), run again$")


def si(value: float) -> str:
    """Three digits, with k and M for thousands and millions."""
    for unit, size in (("M", 1e6), ("k", 1e4)):
        if abs(value) >= size:
            return f"{value / (1e6 if unit == 'M' else 1e3):.3g} {unit}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def row(*cells: str) -> str:
    """One line of a table."""
    return "| " + " | ".join(cells) + " |"


def verdict(figure: Figure) -> str:
    """Of its goal."""
    return "" if figure["reached"] is None else "yes" if figure["reached"] else "**no**"


def goal_text(figure: Figure) -> str:
    """In signs that read well."""
    text = str(figure["goal"]).replace("<=", "≤").replace(">=", "≥").removeprefix("value ")
    return re.sub(r"[\d.e+-]+$", lambda number: si(float(number.group())), text)


def plain_table(figures: list[Figure]) -> list[str]:
    """A line per figure."""
    lines = [row("figure", "median", "best or least", "beside it", "ratio", "goal", "reached"), row(*["---"] * 7)]
    for figure in figures:
        rate = str(figure["unit"]).endswith("/s")
        extreme = max(figure["runs"]) if rate else figure["min"]
        beside = f"{figure['vs']}: {si(figure['against'])}" if figure["vs"] else ""
        ratio = f"{figure['ratio']:.3g}" if figure["vs"] else ""
        median = f"{si(figure['median'])} {figure['unit']}"
        lines.append(row(figure["name"], median, si(extreme), beside, ratio, goal_text(figure), verdict(figure)))
    return lines


def shape_table(figures: list[Figure]) -> list[str]:
    """A line per graph: nanoseconds a task, and the ratios to all that it is held against."""
    rows: dict[tuple[str, str], dict[str, Figure]] = {}
    for figure in figures:
        match = SHAPE.fullmatch(figure["name"])
        if match and figure["vs"] != "1 worker":
            rows.setdefault((match["shape"], match["workers"]), {})[figure["vs"]] = figure
    peers = list(dict.fromkeys(vs for line in rows.values() for vs in line))
    if not rows:
        return []
    lines = [row("graph", "workers", "ns a task", *(f"÷ {peer}" for peer in peers)), row(*["---"] * (3 + len(peers)))]
    for (shape, workers), line in rows.items():
        cells = [
            f"{line[peer]['ratio']:.2g}" + ("" if line[peer]["reached"] is not False else " **no**") for peer in peers
        ]
        lines.append(row(shape, workers, f"{next(iter(line.values()))['median']:.3g}", *cells))
    return lines


def rendered(summary: dict[str, Any]) -> str:
    """All groups. Of the shapes, what has a goal; of the others, everything."""
    machine = summary["machine"]
    lines = [
        f"{machine.get('cpu', '?')}, {machine.get('cores', '?')} cores, {machine.get('kernel', '?')}, "
        f"{machine.get('compiler', '?')}, {machine.get('build', '?')}; "
        + ", ".join(f"{name} {version}" for name, version in summary["peers"].items())
        + f"; work {summary['work']}."
    ]
    groups: dict[str, list[Figure]] = {}
    for figure in summary["figures"]:
        groups.setdefault(figure["group"], []).append(figure)
    for group, figures in groups.items():
        lines += ["", f"**{group[:1].upper()}{group[1:]}**", ""]
        if group == "shapes":
            lines += [*shape_table(figures), ""]
            figures = [f for f in figures if f["goal"] and (not SHAPE.fullmatch(f["name"]) or f["vs"] == "1 worker")]
        lines += plain_table(figures)
    return "\n".join(lines)


def main(words: list[str]) -> int:
    """Prints or writes."""
    if len(words) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    text = rendered(json.loads(Path(words[0]).read_text()))
    if len(words) == 1:
        print(text)
        return 0
    document = Path(words[1])
    before, begin, rest = document.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        print(f"{document} has no place for figures: {BEGIN} … {END}", file=sys.stderr)
        return 1
    document.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
