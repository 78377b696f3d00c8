"""A service's form: what is asked, whether an answer is right, and what follows from it.

The form of a service is turned into a pydantic model once; validation names every fault at once, each with a JSON
Pointer relative to the form and a message in both languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from functions.domain.errors import Fault, Text
from functions.domain.expression import ExpressionFailed, evaluate, fill, holds, names_below, reads
from functions.domain.money import money
from functions.domain.service import Computed, DocumentKind, FormField, Service

MAX_FORM_BYTES = 64 * 1024
NO_ANSWER: tuple[Any, ...] = (None, "", [])


def merge(form: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Apply an RFC 7386 merge patch: ``null`` removes, objects merge, everything else replaces."""
    merged = dict(form)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def changed_pointers(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Give the JSON Pointers of the top-level fields in which two forms differ."""
    names = sorted(set(old) | set(new))
    return [f"/{name}" for name in names if old.get(name) != new.get(name)]


def asked_fields(service: Service, form: Mapping[str, Any]) -> list[FormField]:
    """Give the fields that the answers so far ask for; those that a process of its own asks for are not among them."""
    return [field for field in filed_with(service) if _asked(field, form) is True]


def filed_with(service: Service) -> list[FormField]:
    """Give the fields that an application may be filed with."""
    return [field for field in service.form.fields if field.name not in service.asked_later]


def clean(service: Service, form: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the answers to questions that are not asked any more, and `NO_ANSWER`: null and what is empty."""
    answered = {name: value for name, value in form.items() if value not in NO_ANSWER}
    unasked = {field.name for field in service.form.fields if _asked(field, answered) is False}
    return {name: value for name, value in answered.items() if name not in unasked}


def faults(
    service: Service,
    form: Mapping[str, Any],
    *,
    eligibility: bool = True,
    today: date | None = None,
    sealed: frozenset[str] = frozenset(),
) -> list[Fault]:
    """List everything that keeps the form from being submitted; an empty list means that it is right.

    What is ``sealed`` was answered and found right before it went under seal.
    """
    found = type_faults(service, clean(service, form), complete=True, sealed=sealed)
    if found:
        return found
    kinds = ("form", "eligibility") if eligibility else ("form",)
    return broken_rules(service, form, kinds=kinds, today=today)


def type_faults(
    service: Service, form: Mapping[str, Any], *, complete: bool, sealed: frozenset[str] = frozenset()
) -> list[Fault]:
    """List wrong types and values; ``complete`` also demands what is required. A draft need not be complete."""
    found: list[Fault] = []
    try:
        _model(service).model_validate(dict(form))
    except ValidationError as error:
        found = [fault_of(item) for item in error.errors(include_url=False, include_input=False)]
    present = {name for name, value in form.items() if value not in NO_ANSWER}
    if complete:
        wanted = [f for f in asked_fields(service, form) if f.required and f.name not in sealed]
        missing = [f for f in wanted if f.name not in present]
        found = [f for f in found if f.pointer.lstrip("/").split("/")[0] in present or f.message is _UNKNOWN]
        found += [Fault(f"/{field.name}", _MISSING) for field in missing]
    return found


def broken_rules(
    service: Service, form: Mapping[str, Any], *, kinds: Iterable[str], today: date | None = None
) -> list[Fault]:
    """List the rules between fields that the form breaks."""
    context = context_of(service, form, today=today)
    return [
        Fault(rule.pointer or f"/{rule.code}", rule.message.pair())
        for rule in service.form.rules
        if rule.kind in kinds and not holds(rule.must, context)
    ]


def facts(service: Service, form: Mapping[str, Any], *, today: date | None = None) -> dict[str, Any]:
    """Compute the declared facts: what of the form may enter executions, events and the register."""
    context = {"form": form, "values": service.constants, **_day_named(today)}
    found = {name: evaluate(expression, context) for name, expression in service.facts.items()}
    return {name: value for name, value in found.items() if value is not None}


def context_of(
    service: Service,
    form: Mapping[str, Any] | None,
    known: Mapping[str, Any] | None = None,
    *,
    today: date | None = None,
) -> dict[str, Any]:
    """Give what expressions of a service may speak of; ``today`` is the day of filing."""
    content = dict(form or {})
    return {
        "form": content,
        "facts": dict(known) if known is not None else facts(service, content, today=today),
        "values": service.constants,
        **_day_named(today),
    }


def computed(service: Service, context: Mapping[str, Any]) -> dict[str, Any]:
    """Give the service's named results over what `context_of` gives."""
    return {name: evaluate(one.value, context) for name, one in service.computed.items()}


def explained(service: Service, context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give each named result with what it rests on: the rule, its version and law, what it read, and a sentence.

    ``inputs`` are the facts that it read, ``answers`` those of the form.
    """
    return [_explained(service, name, context) for name in service.computed]


def _explained(service: Service, name: str, context: Mapping[str, Any]) -> dict[str, Any]:
    one, facts_ = service.computed[name], context.get("facts", {})
    value = evaluate(one.value, context)
    # A line of the fee rests on whatever the fee reads.
    by_fee = reads("lines", one.value)
    inputs = {key: facts_.get(key) for key in (facts_ if by_fee else names_below("facts", one.value))}
    late = [key for key in ("months_late", "due_on") if by_fee or reads(key, one.value)]
    inputs |= {key: context[key] for key in late if context.get(key) is not None}
    found = {
        "rule": f"{service.code}/{name}",
        "name": name,
        "value": value,
        "version": service.version,
        "inputs": inputs,
        "answers": answers_read(one.value, context),
        "sentence": _said(one, value, facts_, service),
    }
    return found | ({"law": one.law} if one.law else {})


def _said(one: Computed, value: Any, facts_: Mapping[str, Any], service: Service) -> dict[str, str]:
    currency = service.fee.currency if service.fee else "IDR"
    written: dict[str, Any] = {"id": value, "en": value}
    if one.money and isinstance(value, int):
        written = {"id": money(value, currency, "id"), "en": money(value, currency, "en")}
    return {
        language: fill(text, {"value": written[language], "facts": facts_})
        for language, text in one.words.pair().items()
    }


def answers_read(expression: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Give the answers of the form that an expression reads, as ``form.<name>``: they are personal."""
    form = context.get("form", {})
    return {f"form.{name}": form.get(name) for name in names_below("form", expression)}


def _day_named(today: date | None) -> dict[str, str]:
    return {"today": today.isoformat()} if today else {}


def documents_needed(service: Service, context: Mapping[str, Any]) -> list[DocumentKind]:
    """Give the documents that these answers ask for, the required ones and the offered ones."""
    return [
        document
        for document in service.documents
        if document.kind not in service.brought_later and holds(document.when, context)
    ]


def example(service: Service, today: date | None = None) -> dict[str, Any]:
    """Give one filled form that is valid; where examples depend on the day, on this day or the next possible one."""
    context = {"values": service.constants, **_day_named(today)}
    given = {
        field.name: evaluate(field.example_by, context) if field.example_by and today else field.example
        for field in filed_with(service)
    }
    return clean(service, {name: value for name, value in given.items() if value is not None})


def schema(service: Service, language: str, today: date | None = None) -> dict[str, Any]:
    """Give the form as JSON Schema 2020-12; ``x-when`` holds the JSONata condition of a conditional field."""
    fields = filed_with(service)
    properties = {field.name: _field_schema(field, language) for field in fields}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": getattr(service.title, language),
        "type": "object",
        "properties": properties,
        "required": [f.name for f in fields if f.required and f.when is None],
        "additionalProperties": False,
        "x-groups": [
            {"title": getattr(group.title, language), "fields": names}
            for group in service.form.groups
            if (names := [f.name for f in group.fields if f.name in properties])
        ],
        "examples": [example(service, today)],
    }


def _asked(field: FormField, form: Mapping[str, Any]) -> bool | None:
    """Tell whether a question is asked; ``None`` while the answer that decides it is of the wrong type."""
    try:
        return holds(field.when, {"form": form})
    except ExpressionFailed:
        return None


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("day", "not a day") from None
    return text


def _moment(text: str) -> str:
    try:
        if datetime.fromisoformat(text).tzinfo is None or len(text) < len("2026-03-31T09:00Z"):
            raise ValueError(text)
    except ValueError:
        raise PydanticCustomError("moment", "not a moment") from None
    return text


def _month(text: str) -> str:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise PydanticCustomError("month", "not a month")
    return text


def _no_control(text: str) -> str:
    if any(ord(character) < 32 and character not in "\n\t\r" for character in text):
        raise PydanticCustomError("control", "control characters")
    return text


_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_PHONE = r"^\+?[0-9][0-9 ()-]{6,19}$"


def _type(field: FormField) -> Any:
    # A draft may hold an empty string or null where nothing was answered yet.
    match field.type:
        case "text" | "long_text":
            limit = field.max_length or (200 if field.type == "text" else 5000)
            text = Field(min_length=field.min_length, max_length=limit, pattern=field.pattern)
            return Annotated[str, text, AfterValidator(_no_control)]
        case "email":
            return Annotated[str, Field(max_length=200, pattern=_EMAIL)]
        case "phone":
            return Annotated[str, Field(max_length=25, pattern=_PHONE)]
        case "integer":
            return Annotated[int, Field(ge=_whole(field.minimum), le=_whole(field.maximum, 2**53 - 1))]
        case "money":
            return Annotated[int, Field(ge=_whole(field.minimum, 0), le=_whole(field.maximum, 2**53 - 1))]
        case "number":
            return Annotated[float, Field(ge=field.minimum, le=field.maximum, allow_inf_nan=False)]
        case "boolean":
            return bool
        case "date":
            return Annotated[str, AfterValidator(_day)]
        case "month":
            return Annotated[str, AfterValidator(_month)]
        case "moment":
            return Annotated[str, Field(max_length=40), AfterValidator(_moment)]
        case "choice":
            return Literal[tuple(option.value for option in field.options)]
        case "list":
            item: Any = {"text": Annotated[str, Field(max_length=200)], "integer": int, "number": float}[
                field.items or "text"
            ]
            if field.options:
                item = Literal[tuple(option.value for option in field.options)]
            return Annotated[
                list[item], Field(min_length=field.min_length, max_length=field.max_length or 100)
            ]


def _whole(bound: float | None, default: int | None = None) -> int | None:
    return default if bound is None else int(bound)


_models: dict[int, tuple[Service, type[BaseModel]]] = {}


def _model(service: Service) -> type[BaseModel]:
    # Keyed by identity: the catalogue holds one object for each service, and hashing all fields is slow.
    known = _models.get(id(service))
    if known is None or known[0] is not service:
        fields = service.form.fields
        config = ConfigDict(extra="forbid", strict=True)
        shape: dict[str, Any] = {field.name: (_type(field) | None, None) for field in fields}
        known = _models[id(service)] = (service, create_model(service.code, __config__=config, **shape))
    return known[1]


def _field_schema(field: FormField, language: str) -> dict[str, Any]:
    shape: dict[str, Any] = {"title": getattr(field.title, language)}
    if field.help:
        shape["description"] = getattr(field.help, language)
    shape |= _SCHEMA_TYPE[field.type]
    if field.type in ("text", "long_text"):
        shape["maxLength"] = field.max_length or (200 if field.type == "text" else 5000)
        if field.min_length is not None:
            shape["minLength"] = field.min_length
        if field.pattern:
            shape["pattern"] = field.pattern
    if field.type in ("integer", "number", "money"):
        lowest = 0 if field.type == "money" and field.minimum is None else field.minimum
        shape |= {
            k: _number(v) for k, v in (("minimum", lowest), ("maximum", field.maximum)) if v is not None
        }
    if field.type == "choice":
        shape["enum"] = [option.value for option in field.options]
    if field.options:
        shape["x-titles"] = {str(option.value): getattr(option.title, language) for option in field.options}
    if field.type == "list":
        item = "string" if field.items == "text" else field.items
        among = {"enum": [option.value for option in field.options]} if field.options else {}
        shape |= {"items": {"type": item, **among}, "maxItems": field.max_length or 100}
        if field.min_length is not None:
            shape["minItems"] = field.min_length
    if field.when:
        shape["x-when"] = field.when
    if field.type == "long_text":
        shape["x-lines"] = 4
    if field.type == "money":
        shape["x-currency"] = "IDR"
    return shape


def _number(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


_SCHEMA_TYPE: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "long_text": {"type": "string"},
    "email": {"type": "string", "format": "email", "maxLength": 200, "pattern": _EMAIL},
    "phone": {"type": "string", "maxLength": 25, "pattern": _PHONE},
    "integer": {"type": "integer"},
    "money": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "month": {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"},
    "choice": {},
    "list": {"type": "array"},
}

_MISSING: Text = {"id": "Wajib diisi.", "en": "Please answer this."}
_UNKNOWN: Text = {"id": "Isian ini tidak dikenal; hapus.", "en": "This field is not known; remove it."}
_PLAIN: dict[str, Text] = {
    "missing": _MISSING,
    "extra_forbidden": _UNKNOWN,
    "string_type": {"id": "Harus berupa teks.", "en": "Must be text."},
    "int_type": {"id": "Harus bilangan bulat.", "en": "Must be a whole number."},
    "int_from_float": {"id": "Harus bilangan bulat.", "en": "Must be a whole number."},
    "float_type": {"id": "Harus berupa angka.", "en": "Must be a number."},
    "finite_number": {"id": "Harus berupa angka.", "en": "Must be a number."},
    "bool_type": {"id": "Jawab ya atau tidak (true/false).", "en": "Answer yes or no (true/false)."},
    "list_type": {"id": "Harus berupa daftar.", "en": "Must be a list."},
    "dict_type": {"id": "Harus berupa objek.", "en": "Must be an object."},
    "model_type": {"id": "Harus berupa objek.", "en": "Must be an object."},
    "string_pattern_mismatch": {
        "id": "Bentuknya tidak sesuai.",
        "en": "This does not have the expected form.",
    },
    "day": {"id": "Harus tanggal, misalnya 2026-03-31.", "en": "Must be a date such as 2026-03-31."},
    "month": {"id": "Harus bulan, misalnya 2026-03.", "en": "Must be a month such as 2026-03."},
    "moment": {
        "id": "Harus waktu RFC 3339, misalnya 2026-03-31T09:00:00Z.",
        "en": "Must be an RFC 3339 time such as 2026-03-31T09:00:00Z.",
    },
    "control": {
        "id": "Ada karakter yang tidak dapat dicetak.",
        "en": "It holds characters that cannot be printed.",
    },
}
_BOUNDED: dict[str, tuple[str, Text]] = {
    "greater_than_equal": ("ge", {"id": "Paling kecil {}.", "en": "Must be at least {}."}),
    "less_than_equal": ("le", {"id": "Paling besar {}.", "en": "Must be at most {}."}),
    "string_too_short": (
        "min_length",
        {"id": "Paling sedikit {} huruf.", "en": "Must have at least {} characters."},
    ),
    "string_too_long": (
        "max_length",
        {"id": "Paling banyak {} huruf.", "en": "Must have at most {} characters."},
    ),
    "too_short": ("min_length", {"id": "Paling sedikit {} isian.", "en": "Give at least {}."}),
    "too_long": ("max_length", {"id": "Paling banyak {} isian.", "en": "Give at most {}."}),
    "literal_error": ("expected", {"id": "Pilih salah satu: {}.", "en": "Choose one of: {}."}),
}
_OTHER: Text = {"id": "Isian ini tidak dapat dipakai.", "en": "This value cannot be used."}


def fault_of(error: Any) -> Fault:
    """Say in both languages what one of pydantic's error details means, and where."""
    pointer = "".join(f"/{escape(part)}" for part in error["loc"])
    kind = error["type"]
    if kind in _BOUNDED:
        key, text = _BOUNDED[kind]
        bound = error.get("ctx", {}).get(key, "")
        return Fault(pointer, {language: words.format(bound) for language, words in text.items()})
    return Fault(pointer, _PLAIN.get(kind, _OTHER))


def escape(part: object) -> str:
    """Write one name of a JSON Pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")
