"""The parameters of tasks and workflows: binding a call to one object by parameter name, and calling from such an object."""

import functools
import inspect
import typing
from collections.abc import Callable
from inspect import Parameter
from typing import Any, Final

import msgspec

from tenuto import serialize
from tenuto.errors import InvalidArgument

__all__ = ["Signature"]

_EMPTY: Final = Parameter.empty


class Signature:
    """What a function takes and returns. Annotations are resolved at first need, so they may name later classes."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self._function = function
        self._name = name
        try:
            self._signature = inspect.signature(function)
        except (TypeError, ValueError) as error:
            raise InvalidArgument(f"{name}: {function!r} does not tell its parameters; wrap it in a def") from error

    @property
    def parameters(self) -> "dict[str, Parameter]":
        """The parameters by name, in order."""
        return dict(self._signature.parameters)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call by parameter name, defaults included; `*args` as a list, `**kwargs` as an object.

        Raises:
            TypeError: as the call itself would.
        """
        # All by name, as most runs are started: a tenth of the time of inspect's way, with the same result.
        if not args and kwargs.keys() == self._by_name.keys():
            return {name: kwargs[name] for name in self._by_name} if kwargs else {}
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self._name}(): {error}") from None
        bound.apply_defaults()
        return {
            name: list(value) if self._signature.parameters[name].kind is Parameter.VAR_POSITIONAL else value
            for name, value in bound.arguments.items()
        }

    @functools.cached_property
    def _by_name(self) -> dict[str, None]:
        """The parameters in order, if all of them can be given by name; else what no call gives."""
        parameters = self._signature.parameters
        if all(p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY) for p in parameters.values()):
            return dict.fromkeys(parameters)
        return {"": None}

    @functools.cached_property
    def annotations(self) -> dict[str, Any]:
        """Resolved annotations by parameter name, and "return"; Any where there is none."""
        try:
            hints = typing.get_type_hints(inspect.unwrap(self._function), include_extras=True)
        except NameError as error:
            raise InvalidArgument(
                f"{self._name}: an annotation can't be resolved: {error}; import the type outside `if TYPE_CHECKING`"
            ) from error
        except TypeError:
            hints = {}
        found = {name: hints.get(name, Any) for name in (*self._signature.parameters, "return")}
        for name, parameter in self._signature.parameters.items():
            if parameter.kind is Parameter.VAR_POSITIONAL:
                found[name] = list[found[name]]  # type: ignore[valid-type]
            elif parameter.kind is Parameter.VAR_KEYWORD:
                found[name] = dict[str, found[name]]  # type: ignore[valid-type]
        return found

    @property
    def returns(self) -> Any:
        """The annotation of the result; Any where there is none."""
        return self.annotations["return"]

    def decoder(self) -> "Callable[[bytes], dict[str, Any]]":
        """A function from the JSON object of arguments to typed values by parameter name."""
        return serialize.decoder(self._parameter_types(), name=self._name)

    def raw_decoder(self) -> "Callable[[bytes], dict[str, Any]]":
        """The same, with msgspec's own errors."""
        return serialize.raw_decoder(self._parameter_types(), name=self._name)

    def misfit(self, error: msgspec.MsgspecError) -> InvalidArgument:
        """What an error of raw_decoder's function means."""
        return serialize.misfit(self._name, error)

    def _parameter_types(self) -> dict[str, Any]:
        return {name: self.annotations[name] for name in self._signature.parameters}

    def caller(self) -> "Callable[..., Any]":
        """A function that takes an object of arguments as keywords: the function itself, if it can."""
        kinds = {parameter.kind for parameter in self._signature.parameters.values()}
        if kinds <= {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}:
            return self._function
        return self._call

    def _call(self, /, **arguments: Any) -> Any:
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        starred = any(p.kind is Parameter.VAR_POSITIONAL for p in self._signature.parameters.values())
        for name, parameter in self._signature.parameters.items():
            if name not in arguments:
                continue
            if parameter.kind is Parameter.VAR_POSITIONAL:
                args += arguments[name]
            elif parameter.kind is Parameter.VAR_KEYWORD:
                kwargs |= arguments[name]
            elif parameter.kind is Parameter.POSITIONAL_ONLY or (
                starred and parameter.kind is Parameter.POSITIONAL_OR_KEYWORD
            ):
                args.append(arguments[name])
            else:
                kwargs[name] = arguments[name]
        return self._function(*args, **kwargs)

    def schema(self) -> dict[str, Any]:
        """A JSON Schema of the object of arguments, as far as simple annotations tell."""
        properties: dict[str, Any] = {}
        for name, parameter in self._signature.parameters.items():
            properties[name] = _schema(self.annotations[name])
            if parameter.default is not _EMPTY:
                properties[name]["default"] = serialize.plain(
                    parameter.default, path=f"{self._name}: the default of {name}", bytes_allowed=True
                )
        required = [name for name, p in self._signature.parameters.items() if p.default is _EMPTY]
        schema: dict[str, Any] = {"type": "object"}
        if properties:
            schema["properties"] = properties
        if required:
            schema["required"] = required
        return schema


_SIMPLE: Final[dict[Any, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
    list: "array",
    dict: "object",
}


def _schema(annotation: Any) -> dict[str, Any]:
    """Builtins and their containers; anything else is {}: any value. Kept apart from msgspec's schemas on purpose, as it is
    part of a workflow's hash and must not change with a library."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _schema(args[0])
    if annotation in _SIMPLE:
        return {"type": _SIMPLE[annotation]}
    if origin is list and args[0] is not Any:
        return {"type": "array", "items": _schema(args[0])}
    if origin is dict and args[1] is not Any:
        return {"type": "object", "additionalProperties": _schema(args[1])}
    if origin in (list, dict):
        return {"type": _SIMPLE[origin]}
    if origin is typing.Literal and all(isinstance(arg, str | int | bool) for arg in args):
        return {"enum": list(args)}
    return {}
