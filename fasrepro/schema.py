"""JSON and YAML values as the frozen dataclasses that declare their shape, and back.

`build` checks a value against a type and refuses what does not fit, with the place of the fault; `plain` is its inverse.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from typing import Any

from fasrepro import names


class SchemaError(ValueError):
    """A value that does not have the declared shape; the message names the file, the key and what was expected."""


@functools.cache
def field_types(kind: type) -> dict[str, Any]:
    """Return the type of each field of a dataclass, by name."""
    return typing.get_type_hints(kind)


@functools.cache
def _required(kind: type) -> tuple[str, ...]:
    """Return the fields of a dataclass that have no default."""
    unset = dataclasses.MISSING
    return tuple(f.name for f in dataclasses.fields(kind) if f.default is unset and f.default_factory is unset)


def build(kind: Any, value: Any, where: str, error: type[ValueError] = SchemaError) -> Any:
    """Check `value` against the type `kind` and return it as that type.

    A dataclass takes a mapping with exactly its fields; a field that has a default may be omitted. A whole number is a float
    where a float is wanted.

    Args:
        kind: a dataclass, a scalar, `Any`, `X | None`, or a list, tuple or dict of these.
        value: what a JSON or YAML file holds.
        where: the file and key, for the message.
        error: the exception for a value that does not fit.

    Raises:
        SchemaError: or `error`, naming the key and what was expected.

    >>> build(dict[int, float | None], {"0": 1, "1": None}, "seeds")
    {0: 1.0, 1: None}
    """
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(kind, value, where, error)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _build_optional(kind, value, where, error)
    if origin is dict and isinstance(value, dict):
        key_type, item_type = arguments
        return {_key(key_type, key, where, error): build(item_type, item, f"{where}.{key}", error) for key, item in value.items()}
    if origin in (list, tuple) and isinstance(value, list):
        return origin(build(arguments[0], item, f"{where}[{number}]", error) for number, item in enumerate(value))
    if kind is Any:
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    raise error(f"{where}: expected {getattr(kind, '__name__', kind)}, found {value!r}")


def _build_dataclass(kind: type, value: Any, where: str, error: type[ValueError]) -> Any:
    if not isinstance(value, dict):
        raise error(f"{where}: expected keys and values, found {value!r}")
    fields = field_types(kind)
    for key in value:
        if key not in fields:
            raise error(f"{where}: {names.unknown(str(key), fields, 'key')}")
    missing = [key for key in _required(kind) if key not in value]
    if missing:
        raise error(f"{where}: missing {', '.join(missing)}")
    return kind(**{key: build(fields[key], value[key], f"{where}.{key}", error) for key in fields if key in value})


def _build_optional(kind: Any, value: Any, where: str, error: type[ValueError]) -> Any:
    if value is None:
        return None
    (wanted,) = [one for one in typing.get_args(kind) if one is not type(None)]
    return build(wanted, value, where, error)


def _key(kind: type, key: Any, where: str, error: type[ValueError]) -> str | int:
    """Return the key of a mapping: JSON writes a whole number as text."""
    if kind is not int:
        return str(key)
    try:
        return int(key)
    except ValueError:
        raise error(f"{where}: expected a whole number as key, found {key!r}") from None


def plain(value: Any) -> Any:
    """Return a value of dataclasses, lists, tuples, dicts and scalars as JSON holds it.

    Fields that have their default are omitted: `build` puts it back.
    """
    if dataclasses.is_dataclass(value):
        fields = [(field, getattr(value, field.name)) for field in dataclasses.fields(value)]
        return {field.name: plain(item) for field, item in fields if not _is_default(field, item)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def _is_default(field: dataclasses.Field[Any], value: Any) -> bool:
    if field.default_factory is not dataclasses.MISSING:
        return bool(value == field.default_factory())
    return field.default is not dataclasses.MISSING and bool(value == field.default)
