"""Somebody who uses the local office over HTTP, in process: signs in, asks, files, uploads."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from infra.local.office import Office


class Refused(AssertionError):
    """The office answered with a problem; ``status`` and ``problem`` say which."""

    def __init__(self, what: str, status: int, problem: Any) -> None:
        super().__init__(f"{what}: {status} {json.dumps(problem, ensure_ascii=False)}")
        self.status, self.problem = status, problem


class Visitor:
    """One person at the office; without a username, anybody from the street."""

    def __init__(self, office: Office, username: str | None = None, *, language: str = "en") -> None:
        self._office = office
        self.username = username
        self._headers = {"accept-language": language}
        if username:
            self._headers["authorization"] = f"Bearer {office.identity.token(username)}"

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("POST", path, body, **headers)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Give the answer's JSON; raises `Refused` for a problem. Waits until what was set off has been done."""
        address, _, query = path.partition("?")
        content = b"" if body is None else json.dumps(body).encode()
        sent = {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            sent |= {"content-type": "application/json", "content-length": str(len(content))}
        status, _, answer = self._office.gateway.handle(method, address, query, sent, content)
        document = json.loads(answer) if answer else None
        if status >= 400:
            raise Refused(f"{method} {path}", status, document)
        self._office.system.aws.settle()
        return document

    def upload(
        self, case: str, kind: str, content: bytes, *, filename: str, content_type: str
    ) -> dict[str, Any]:
        """Announce a file, send it straight to the store, and wait until it was checked."""
        announced: dict[str, Any] = self.post(
            f"/v1/cases/{case}/documents",
            {
                "kind": kind,
                "filename": filename,
                "content_type": content_type,
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            },
        )
        answer = self._office.system.aws.upload(announced["upload"], content, filename)
        if answer.status >= 300:
            raise Refused(f"upload {kind}", answer.status, answer.body.decode(errors="replace"))
        self._office.system.aws.settle()
        return announced

    def task(self, case: str, step: str) -> dict[str, Any]:
        """Give the open task of a step (or of that name) in this case."""
        tasks = self.get("/v1/tasks?limit=100")["items"]
        return next(
            task for task in tasks if task["case"] == case and step in (task["step"], task.get("name"))
        )

    def decide(
        self, case: str, step: str, action: str, comment: str | None = None, **data: Any
    ) -> dict[str, Any]:
        """Complete the open task of a step."""
        body = {
            "action": action,
            **({"comment": comment} if comment else {}),
            **({"data": data} if data else {}),
        }
        done: dict[str, Any] = self.post(f"/v1/tasks/{self.task(case, step)['id']}/complete", body)
        return done
