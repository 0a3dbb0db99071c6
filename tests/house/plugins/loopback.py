"""Refuse every way out of this machine while tests run: a test that needs the network is a wrong test."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest


class OutboundRefused(BaseException):
    """A test tried to reach another machine. Not an `Exception`, so that no retry loop can swallow it."""


def is_local(host: object) -> bool:
    """Say whether a host is this machine; names other than localhost are not even looked up."""
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def check_address(address: Any) -> None:
    """Refuse an internet address that is not loopback; addresses of unix sockets are plain text."""
    if isinstance(address, tuple) and not is_local(address[0]):
        raise OutboundRefused("A test tried to reach another machine.")


class GuardedSocket(socket.socket):
    """A socket that reaches this machine only."""

    def connect(self, address: Any) -> None:
        check_address(address)
        super().connect(address)

    def connect_ex(self, address: Any) -> int:
        check_address(address)
        return super().connect_ex(address)

    def sendto(self, data: Any, *rest: Any) -> int:
        check_address(rest[-1])
        return super().sendto(data, *rest)


real_socket = socket.socket
real_getaddrinfo = socket.getaddrinfo


def guarded_getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
    """Look up this machine only."""
    check_address((host,))
    return real_getaddrinfo(host, *rest, **named)


def pytest_configure(config: pytest.Config) -> None:
    """Put the guard up before anything is collected."""
    socket.socket = GuardedSocket  # type: ignore[misc]
    socket.getaddrinfo = guarded_getaddrinfo


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the guard down."""
    socket.socket = real_socket  # type: ignore[misc]
    socket.getaddrinfo = real_getaddrinfo
