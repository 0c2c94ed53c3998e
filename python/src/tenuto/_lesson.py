"""Errors of drawing that teach: where in the user's file, what cannot be drawn, and what to write instead."""

import ast
import copy
import functools
import linecache
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

from tenuto.errors import InvalidArgument

__all__ = ["arm_problem", "lesson", "place", "truth_lesson", "user_frame"]

_PACKAGE: Final = str(Path(__file__).parent)
_DRAWN: Final = "a drawn workflow runs before its values are known"


def user_frame() -> FrameType | None:
    """The innermost frame that is not the package's own, nor the standard library's machinery around it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_machinery(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


@functools.cache
def _is_machinery(file: str) -> bool:
    return file.startswith((_PACKAGE, "<frozen ")) or file == functools.__file__


def place(frame: FrameType | None) -> str:
    """ "etl.py:14", the form that editors and terminals open."""
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "<unknown>"


def lesson(problem: str, instead: str, frame: FrameType | None = None) -> InvalidArgument:
    """The error for something that cannot be drawn.

    Args:
        problem: what cannot be drawn, and why.
        instead: what to write instead, a whole sentence.
        frame: where; the user's innermost frame by default.

    Returns:
        The error, not raised.
    """
    return InvalidArgument(f"{place(frame or user_frame())}: {problem}\n  {instead}")


def truth_lesson() -> InvalidArgument:
    """The lesson for a value whose truth was asked: names the construct that did it, as far as the source tells."""
    frame = user_frame()
    construct = _truth_construct(frame) if frame else None
    if construct is None:
        return lesson(
            f"the truth of a drawn value was asked (by if, and, or, not, in, any() or the like), and {_DRAWN}",
            "Write `with when(condition):` to branch, & | ~ to combine conditions, in_(x, values) for membership.",
            frame,
        )
    shown, instead = construct
    return lesson(f"`{shown}` asks for the truth of a value, and {_DRAWN}", instead, frame)


def _truth_construct(frame: FrameType) -> tuple[str, str] | None:
    """The construct that is being executed, as source text, and what to write instead of it."""
    for node in _nodes_at(frame):
        found = _describe(node)
        if found:
            return found
    return None


def _describe(node: ast.AST) -> tuple[str, str] | None:
    text = ast.unparse
    match node:
        case ast.If(test=test):
            return (
                f"if {text(test)}:",
                f"Write `with when({_drawn(test)}):` and `with otherwise():` instead of if and else.",
            )
        case ast.While(test=test):
            return f"while {text(test)}:", "A drawn workflow has no while; put the loop into the body of a task."
        case ast.Assert(test=test):
            return f"assert {text(test)}", "Check it in the body of a task and raise Stop there."
        case ast.IfExp(test=test):
            return text(node), f"Write `with when({_drawn(test)}):` and `with otherwise():`, each with its own task."
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return text(node), f"Write `{_drawn(node)}`, with parentheses around comparisons."
        case ast.Compare(ops=ops) if len(ops) > 1 or isinstance(ops[0], ast.In | ast.NotIn):
            return text(node), f"Write `{_drawn(node)}`."
        case ast.comprehension(ifs=[test, *_]):
            return f"… if {text(test)}", "A drawn value can't be filtered; do it in the body of a task."
    return None


def _drawn(condition: ast.expr) -> str:
    """A condition as it can be drawn."""
    return ast.unparse(_Drawn().visit(copy.deepcopy(condition)))


class _Drawn(ast.NodeTransformer):
    """Puts & | ~ and in_() where Python would ask for a truth."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        return _joined(ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr(), node.values)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return ast.UnaryOp(ast.Invert(), node.operand) if isinstance(node.op, ast.Not) else node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        pairs = zip([node.left, *node.comparators[:-1]], node.ops, node.comparators, strict=True)
        return _joined(ast.BitAnd(), [_comparison(left, op, right) for left, op, right in pairs])


def _joined(op: ast.operator, parts: list[ast.expr]) -> ast.expr:
    return functools.reduce(lambda left, right: ast.BinOp(left, op, right), parts)


def _comparison(left: ast.expr, op: ast.cmpop, right: ast.expr) -> ast.expr:
    if not isinstance(op, ast.In | ast.NotIn):
        return ast.Compare(left, [op], [right])
    call = ast.Call(ast.Name("in_"), [left, right], [])
    return call if isinstance(op, ast.In) else ast.UnaryOp(ast.Invert(), call)


def _nodes_at(frame: FrameType) -> list[ast.AST]:
    """The syntax node that the frame is executing, then its parents; by line alone where Python tells no columns."""
    tree = _parse(frame.f_code.co_filename, len(linecache.getlines(frame.f_code.co_filename, frame.f_globals)))
    if tree is None:
        return []
    span = _span(frame)
    if span is None:
        return [node for node in ast.walk(tree) if getattr(node, "lineno", None) == frame.f_lineno]
    return _path_to(tree, span)


def _span(frame: FrameType) -> tuple[int, int, int, int] | None:
    positions = getattr(frame.f_code, "co_positions", None)
    if positions is None:
        return None
    for index, found in enumerate(positions()):
        if index == frame.f_lasti // 2:
            return None if None in found else found
    return None


def _path_to(tree: ast.AST, span: tuple[int, int, int, int]) -> list[ast.AST]:
    """The node that spans exactly these positions, then its parents up to the statement."""
    path: list[ast.AST] = []
    at: ast.AST | None = tree
    while at is not None:
        path.append(at)
        at = next((child for child in ast.iter_child_nodes(at) if _covers(child, span)), None)
    found: list[ast.AST] = []
    for node in reversed(path):
        found.append(node)
        if isinstance(node, ast.stmt):
            break
    return found


def _covers(node: ast.AST, span: tuple[int, int, int, int]) -> bool:
    if isinstance(node, ast.comprehension):
        return any(_covers(test, span) for test in node.ifs)
    if not isinstance(node, ast.stmt | ast.expr) or node.end_lineno is None or node.end_col_offset is None:
        return False
    first, last, begin, end = span
    return (node.lineno, node.col_offset) <= (first, begin) and (last, end) <= (node.end_lineno, node.end_col_offset)


@functools.lru_cache(maxsize=64)
def _parse(filename: str, _lines: int) -> ast.Module | None:
    """Keyed by the number of lines too, so that a cell run again in a notebook is not taken for its older self."""
    try:
        return ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError):
        return None


def arm_problem(frame: FrameType, words: tuple[object, ...]) -> InvalidArgument | None:
    """What stands in a `with when` block and cannot be drawn: return, break, continue, try.

    Args:
        frame: the frame that entered a block.
        words: `when` and `otherwise`, by which blocks are recognised.

    Returns:
        The error for the first of them in the frame's function, or None.
    """
    code = frame.f_code
    tree = _parse(code.co_filename, len(linecache.getlines(code.co_filename, frame.f_globals)))
    function = _function_of(code, tree) if tree else None
    if function is None:
        return None
    scope = {**frame.f_builtins, **frame.f_globals, **frame.f_locals}
    for node in _own(function):
        if isinstance(node, ast.With) and any(_is_word(item.context_expr, scope, words) for item in node.items):
            found = _escape(node.body)
            if found:
                return _escape_lesson(code, *found)
    return None


def _function_of(code: CodeType, tree: ast.Module) -> ast.AST | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first == code.co_firstlineno:
                return node
    return None


def _own(function: ast.AST) -> list[ast.AST]:
    """Every node of a function, but for functions inside it."""
    found: list[ast.AST] = []
    todo = list(ast.iter_child_nodes(function))
    while todo:
        node = todo.pop(0)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            found.append(node)
            todo += ast.iter_child_nodes(node)
    return found


def _is_word(expression: ast.expr, scope: dict[str, object], words: tuple[object, ...]) -> bool:
    """Whether an expression is a call of a word, written `when(…)` or `tenuto.when(…)`."""
    if not isinstance(expression, ast.Call):
        return False
    match expression.func:
        case ast.Name(id=name):
            return any(scope.get(name) is word for word in words)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return any(getattr(scope.get(name), attribute, None) is word for word in words)
    return False


def _escape(body: list[ast.stmt], *, in_loop: bool = False) -> tuple[str, int] | None:
    """The first statement in a block that leaves it or catches in it, with its line."""
    for statement in body:
        match statement:
            case ast.Return():
                return "return", statement.lineno
            case ast.Try():
                return "try", statement.lineno
            case ast.Break() if not in_loop:
                return "break", statement.lineno
            case ast.Continue() if not in_loop:
                return "continue", statement.lineno
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
        if type(statement).__name__ == "TryStar":
            return "try", statement.lineno
        loops = in_loop or isinstance(statement, ast.For | ast.While)
        for field in ("body", "orelse"):
            found = _escape(getattr(statement, field, []), in_loop=loops)
            if found:
                return found
        for case in getattr(statement, "cases", []):
            found = _escape(case.body, in_loop=loops)
            if found:
                return found
    return None


def _escape_lesson(code: CodeType, word: str, line: int) -> InvalidArgument:
    why = {
        "return": "would end the drawing, and what stands below it would be missing from the plan",
        "break": "would happen at drawing, whatever the condition is",
        "continue": "would happen at drawing, whatever the condition is",
        "try": "sees nothing of what its tasks do: they run later",
    }[word]
    instead = {
        "return": "Put the rest into `with otherwise():` and return once, at the end of the workflow.",
        "break": "Take the loop into the block, or the block out of the loop.",
        "continue": "Take the loop into the block, or the block out of the loop.",
        "try": "Handle the exception in the body of the task, or give the task a retry policy.",
    }[word]
    return InvalidArgument(f"{code.co_filename}:{line}: `{word}` inside a `with when` block {why}\n  {instead}")
