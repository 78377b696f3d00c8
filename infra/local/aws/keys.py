"""KMS keys that are made once a process, and come back with their material.

moto makes a new RSA key for every system, a tenth of a second each, and forgets it at the end: what it signed
could never be verified again.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from moto.kms import models
from moto.kms.models import KmsBackend, kms_backends

from infra.local.aws.account import backend
from infra.local.aws.journal import Journal
from infra.local.aws.patches import Patches

_generate = models.generate_private_key
_made: dict[str, list[Any]] = {}


def install(patches: Patches, journal: Journal | None) -> None:
    """Give the n-th key of a kind the same material in every system of the process; with a journal, keep it."""
    patches.set(models, "generate_private_key", _reuse())
    if journal is not None:
        _restore(journal)
        patches.set(KmsBackend, "create_key", _keep_keys(journal))
        for name in ("create_alias", "update_alias"):
            patches.set(KmsBackend, name, _keep_aliases(journal, getattr(KmsBackend, name)))


def _reuse() -> Callable[[str], Any]:
    used: Counter[str] = Counter()

    def generate_private_key(key_spec: str) -> Any:
        made, number = _made.setdefault(key_spec, []), used[key_spec]
        used[key_spec] += 1
        if number == len(made):
            made.append(_generate(key_spec))
        return made[number]

    return generate_private_key


def _keep_keys(journal: Journal) -> Callable[..., Any]:
    original = KmsBackend.create_key

    def create_key(backend: KmsBackend, *args: Any, **kwargs: Any) -> Any:
        key = original(backend, *args, **kwargs)
        journal.write(key=_fact(key))
        journal.sync()
        return key

    return create_key


def _keep_aliases(journal: Journal, original: Callable[..., Any]) -> Callable[..., Any]:
    def alias(backend: KmsBackend, target_key_id: str, alias_name: str) -> Any:
        made = original(backend, target_key_id, alias_name)
        journal.write(alias=[alias_name, made.target_key_id])
        journal.sync()
        return made

    return alias


def _fact(key: Any) -> dict[str, Any]:
    pem = None
    if hasattr(key.private_key, "private_key"):
        pem = key.private_key.private_key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode()
    return {
        "id": key.id,
        "spec": key.key_spec,
        "usage": key.key_usage,
        "description": key.description,
        "policy": key.policy,
        "created": key.creation_date,
        "material": base64.b64encode(key.key_material).decode(),
        "pem": pem,
    }


def _restore(journal: Journal) -> None:
    kms = backend(kms_backends)
    for fact in journal.state.keys.values():
        key = kms.create_key(fact["policy"], fact["usage"], fact["spec"], fact["description"], None)
        kms.keys.pop(key.id)
        key.arn = key.arn.replace(key.id, fact["id"])
        key.id = fact["id"]
        key.creation_date = fact["created"]
        key.key_material = base64.b64decode(fact["material"])
        if fact["pem"] is not None:
            key.private_key = _around(load_pem_private_key(fact["pem"].encode(), None), key.private_key)
        kms.keys[key.id] = key
    for name, key_id in journal.state.aliases.items():
        kms.create_alias(key_id, name)


def _around(material: Any, like: Any) -> Any:
    """moto's private key with other material; the one that it is like may be in use elsewhere."""
    key = object.__new__(type(like))
    vars(key).update(vars(like), private_key=material)
    return key
