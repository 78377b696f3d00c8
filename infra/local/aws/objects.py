"""Objects that are told of once they are whole.

moto notifies of an object before its type, metadata and checksum are set, gives the event to the rules of every
bus, and shapes it otherwise than S3 does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.s3 import notifications
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend
from moto.s3.responses import S3Response

from infra.local.aws.account import ACCOUNT
from infra.local.aws.bus import Bus
from infra.local.aws.journal import Journal
from infra.local.aws.patches import Patches
from infra.local.aws.sealed import stored

# S3's words for the API call that made an object.
REASONS = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}


@dataclass(frozen=True)
class Created:
    """An object that a request made, and the name of the S3 event."""

    event_name: str
    bucket: Any
    key: Any


class Objects:
    """Collects what a request did and tells of it at its end: first the keeper, then the bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._request = threading.local()
        # Told of each new object, of each deletion (bucket, key, version or none, version of the delete marker made
        # or none), and at the end of a request.
        self.created: Callable[[Created], None] = lambda created: None
        self.deleted: Callable[[str, str, str | None, str | None], None] = lambda *_: None
        self.kept: Callable[[], None] = lambda: None

    @contextmanager
    def request(self) -> Iterator[None]:
        self._request.created = []
        try:
            yield
        finally:
            created, self._request.created = self._request.created, None
            for each in created:
                self._tell(each)
            self.kept()

    def note(self, event_name: str, bucket: Any, key: Any) -> None:
        created = Created(str(getattr(event_name, "value", event_name)), bucket, key)
        if getattr(self._request, "created", None) is None:
            self._tell(created)
            self.kept()
        else:
            self._request.created.append(created)

    def _tell(self, created: Created) -> None:
        if created.event_name not in REASONS:
            return
        self.created(created)
        configuration = created.bucket.notification_configuration
        if configuration is not None and configuration.event_bridge is not None:
            self._bus.publish("aws.s3", "Object Created", [created.bucket.arn], _detail(created))


def _detail(created: Created) -> dict[str, Any]:
    key = created.key
    described = {"key": key.name, "size": key.size, "etag": key.etag.strip('"')}
    if key.version_id != "null":
        described["version-id"] = key.version_id
    return {
        "version": "0",
        "bucket": {"name": created.bucket.name},
        "object": described | {"sequencer": f"{id(key):016X}"},
        "request-id": "LOCAL",
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": REASONS[created.event_name],
    }


def install(patches: Patches, objects: Objects, journal: Journal | None) -> None:
    """Tell of objects at the end of the request that made them; with a journal, keep them."""
    if journal is not None:
        objects.created, objects.deleted = _keep(journal), _forget(journal)
        patches.set(S3Backend, "create_bucket", _with_kept(journal))
    for name in ("key_response", "bucket_response"):
        patches.set(S3Response, name, _whole(objects, getattr(S3Response, name)))
    patches.set(notifications, "send_event", _send_event(objects))
    patches.set(S3Backend, "delete_object", _delete(objects))


def _send_event(objects: Objects) -> Callable[..., None]:
    def send_event(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
        objects.note(event_name, bucket, key)

    return send_event


def _whole(objects: Objects, original: Callable[..., Any]) -> Callable[..., Any]:
    def respond(response: S3Response, *args: Any, **kwargs: Any) -> Any:
        with objects.request():
            return original(response, *args, **kwargs)

    return respond


def _delete(objects: Objects) -> Callable[..., Any]:
    original = S3Backend.delete_object

    def delete_object(
        backend: S3Backend,
        bucket_name: str,
        key_name: str,
        version_id: str | None = None,
        bypass: bool = False,
    ) -> Any:
        answer = original(backend, bucket_name, key_name, version_id, bypass)
        _, headers = answer
        marker = headers.get("version-id") if version_id is None else None
        objects.deleted(bucket_name, key_name, version_id, marker)
        return answer

    return delete_object


def _keep(journal: Journal) -> Callable[[Created], None]:
    def created(created: Created) -> None:
        bucket, key = created.bucket.name, created.key
        version = {
            "version": key.version_id,
            "file": journal.write_file(bucket, key.name, key.version_id, stored(key)),
            "metadata": dict(key.metadata),
            "algorithm": key.checksum_algorithm,
            "checksum": key.checksum_value,
            "modified": key.last_modified.isoformat(),
        }
        journal.write(object=[bucket, key.name, version])

    return created


def _forget(journal: Journal) -> Callable[[str, str, str | None, str | None], None]:
    def deleted(bucket: str, key: str, version: str | None, marker: str | None) -> None:
        if marker is None:
            journal.write(gone=[bucket, key, version])
        else:
            journal.write(object=[bucket, key, {"version": marker}])

    return deleted


def _with_kept(journal: Journal) -> Callable[..., FakeBucket]:
    original = S3Backend.create_bucket

    def create_bucket(backend: S3Backend, *args: Any, **kwargs: Any) -> FakeBucket:
        bucket = original(backend, *args, **kwargs)
        for name, versions in journal.state.objects.pop(bucket.name, {}).items():
            keys: list[Any] = []
            for version in versions:
                keys.append(_restored(journal, bucket, name, version, keys))
            bucket.keys.setlist(name, keys)
        return bucket

    return create_bucket


def _restored(
    journal: Journal, bucket: FakeBucket, name: str, version: dict[str, Any], older: list[Any]
) -> Any:
    if "file" not in version:
        marker = FakeDeleteMarker(key=older[-1])
        marker._version_id = version["version"]
        return marker
    key = FakeKey(
        name=name,
        bucket_name=bucket.name,
        value=journal.read_file(version["file"]),
        account_id=bucket.account_id,
        region_name=bucket.region_name,
        is_versioned=version["version"] != "null",
        version_id=version["version"],
        checksum_value=version["checksum"],
    )
    key.set_metadata(version["metadata"])
    key.checksum_algorithm = version["algorithm"]
    key.last_modified = datetime.fromisoformat(version["modified"])
    return key
