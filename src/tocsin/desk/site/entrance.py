"""Who may come in: whoever follows the one-time link, once; from then on, whoever shows the cookie it gave."""

from __future__ import annotations

import hmac
import secrets
import threading

from django.http import HttpRequest

COOKIE = "desk"


class Entrance:
    """The link's token and the cookies given for it, in memory only."""

    def __init__(self) -> None:
        self.host = ""
        """`127.0.0.1:<port>`: the only name this site answers to."""
        self._token: str | None = None
        self._cookie: str | None = None
        self._gate = threading.Lock()

    def make_link(self, host: str) -> str:
        """Make the address of the page, good for one visit; one made before and not used is good no more."""
        token = secrets.token_urlsafe(24)
        with self._gate:
            self.host, self._token = host, token
        return f"http://{host}/open/{token}"

    def admit(self, token: str) -> str | None:
        """Take the token; give the cookie for it, None if it was used before or never made."""
        with self._gate:
            if self._token is None or not _same(token, self._token):
                return None
            self._token, self._cookie = None, secrets.token_urlsafe(32)
            return self._cookie

    @property
    def was_used(self) -> bool:
        """Say whether somebody came in by the link."""
        return self._cookie is not None

    def knows(self, request: HttpRequest) -> bool:
        """Say whether a request carries the cookie."""
        shown = request.COOKIES.get(COOKIE, "")
        return self._cookie is not None and _same(shown, self._cookie)


def _same(shown: str, kept: str) -> bool:
    return hmac.compare_digest(shown.encode(), kept.encode())


entrance = Entrance()
