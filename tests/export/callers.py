"""Programs and people that call the API."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from kejiting.accounts.models import User


class Caller:
    """A person with a session, or a program with a key; says what it sends and gets the answer's JSON."""

    def __init__(self, *, user: User | None = None, secret: str = "", **headers: str) -> None:
        self.client = Client(headers={**({"Authorization": f"Api-Key {secret}"} if secret else {}), **headers})
        if user:
            self.client.force_login(user)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.client.get(f"/api/v1/{path}", headers=headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        content = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, f"/api/v1/{path}", content, content_type="application/json", headers=named)

    def patch(self, path: str, body: Any, tag: str | None = '"1"') -> HttpResponse:
        return self.send("PATCH", path, body, **({"If_Match": tag} if tag is not None else {}))

    def post(self, path: str, body: Any = None) -> HttpResponse:
        return self.send("POST", path, body)
