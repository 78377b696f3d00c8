"""The OpenAPI 3.1 document, made of the routes and the very models that validate and answer."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from chalice.app import Blueprint
from pydantic import BaseModel

from functions.api.http import ROUTES, Call, Language, Nothing, Query, Reply, Route, route
from functions.api.shapes import Problem

blueprint = Blueprint(__name__)
VERSION = "1"
KEPT_SECONDS = 300

_SCHEMAS = "#/components/schemas/{model}"
Schema = dict[str, Any]


@route(
    blueprint,
    "GET",
    "/v1/openapi.json",
    public=True,
    summary={"id": "Dokumen ini", "en": "This document"},
)
def read(call: Call) -> Reply:
    return Reply(_text(call.language), cache=KEPT_SECONDS)


@cache
def _text(language: Language) -> str:
    return json.dumps(document(language), ensure_ascii=False)


def document(language: Language) -> dict[str, Any]:
    """Describe every route that is registered, with summaries in one language."""
    # Only this route needs the generator of schemas.
    from pydantic.json_schema import models_json_schema

    bodies = {one.body for one in ROUTES if one.body is not Nothing}
    answers = {one.answer for one in ROUTES if one.answer} | {Problem}
    wanted: list[Any] = sorted(
        [(model, "validation") for model in bodies] + [(model, "serialization") for model in answers],
        key=lambda pair: (pair[0].__name__, pair[1]),
    )
    references, schemas = models_json_schema(wanted, ref_template=_SCHEMAS)
    paths: dict[str, dict[str, Any]] = {}
    for one in sorted(ROUTES, key=lambda described: described.path):
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, references, language)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Loket", "version": VERSION, "description": _ABOUT[language]},
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {"oidc": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{"oidc": []}],
    }


def _operation(described: Route, references: Any, language: Language) -> Schema:
    operation: Schema = {
        "operationId": f"{described.module}_{described.name}",
        "tags": [described.module],
        "summary": described.summary[language],
        "parameters": _parameters(described),
        "responses": _responses(described, references),
    }
    if described.description:
        operation["description"] = described.description[language]
    if described.public:
        operation["security"] = []
    if described.body is not Nothing:
        schema = references[described.body, "validation"]
        media = ["application/json"] + (
            ["application/merge-patch+json"] if described.method == "PATCH" else []
        )
        operation["requestBody"] = {"required": True, "content": {one: {"schema": schema} for one in media}}
    return operation


def _parameters(described: Route) -> list[Schema]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", described.path)
    ]
    found += _query(described.query)
    found.append(_header("Accept-Language", "`id` or `en`", {"type": "string", "examples": ["en"]}))
    if described.changes and not described.public:
        about = "The same key with the same body gives the first answer again; with another body 422."
        found.append(_header("Idempotency-Key", about, {"type": "string", "minLength": 1, "maxLength": 200}))
    if described.versioned:
        about = 'The ETag of what was read, such as `"7"`; 412 if it has changed since.'
        found.append(_header("If-Match", about, {"type": "string"}))
    if described.signed:
        about = "t=<unix seconds>,v1=<hex HMAC-SHA256>"
        found.append({**_header("Loket-Signature", about, {"type": "string"}), "required": True})
    return found


def _header(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "header", "description": description, "schema": schema}


def _query(model: type[BaseModel]) -> list[Schema]:
    if model is Query:
        return []
    described = model.model_json_schema()
    return [
        {"name": name, "in": "query"}
        | ({"description": schema.pop("description")} if "description" in schema else {})
        | {"schema": _without_null(schema)}
        for name, schema in described["properties"].items()
    ]


def _without_null(schema: Schema) -> Schema:
    """A parameter that is not given is no null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    plain = {
        key: value for key, value in schema.items() if key != "title" and (key, value) != ("default", None)
    }
    if len(kinds) != 1:
        return plain
    return {key: value for key, value in plain.items() if key != "anyOf"} | kinds[0]


def _responses(described: Route, references: Any) -> Schema:
    success: Schema = {"description": "OK"}
    if described.answer is not None or described.status != 204:
        success["content"] = {
            media: {"schema": _content(described, media, references)} for media in described.media_types
        }
    if described.versioned or (described.answer and "version" in described.answer.model_fields):
        success["headers"] = {"ETag": {"schema": {"type": "string"}}}
    problem = {"application/problem+json": {"schema": references[Problem, "serialization"]}}
    refusals = {
        str(status): {"description": _REFUSED[status], "content": problem} for status in _refusals(described)
    }
    return {
        str(described.status): success,
        **refusals,
        "default": {"description": "Problem", "content": problem},
    }


def _content(described: Route, media: str, references: Any) -> Schema:
    if media != "application/json":
        return {"type": "string"}
    return references[described.answer, "serialization"] if described.answer else {"type": "object"}


def _refusals(described: Route) -> list[int]:
    found = {400}
    if not described.public:
        found |= {401, 403}
    if "{" in described.path or described.signed:
        found.add(404)
    if described.changes:
        found |= {413, 415}
    if described.changes and not described.signed:
        found.add(422)
    if described.versioned:
        found |= {409, 412}
    return sorted(found)


_REFUSED = {
    400: "The request cannot be read",
    401: "No valid token",
    403: "Not allowed: `rule` names the rule",
    404: "Unknown, or not for the caller's eyes",
    409: "The case has moved on: `by` and `at` say who and when",
    412: "If-Match names an older version",
    413: "Too large",
    415: "Not JSON",
    422: "The content is not valid: `errors` names every fault",
}
_ABOUT = {
    "id": "Layanan pemerintah sebagai data. Galat adalah dokumen masalah RFC 9457; waktu RFC 3339 UTC; uang bilangan "
    "bulat satuan mata uangnya.",
    "en": "Government services as data. Errors are RFC 9457 problem documents; times RFC 3339 in UTC; money a whole "
    "number of units of its currency.",
}
