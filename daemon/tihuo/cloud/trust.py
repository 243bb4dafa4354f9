"""How the broker is trusted: TLS 1.2 or newer, certificate and name checked."""

from __future__ import annotations

import socket
import ssl
from os import PathLike
from typing import Any

_File = str | PathLike[str] | None


class _Context(ssl.SSLContext):
    """Asks for, and checks, the name in the settings where the broker is reached by another.

    It shakes hands at once, as paho, which would do so next, leaves the socket open when that fails.
    """

    server_name = ""

    def wrap_socket(self, sock: socket.socket, *args: Any, **options: Any) -> ssl.SSLSocket:
        if self.server_name:
            options["server_hostname"] = self.server_name
        wrapped = super().wrap_socket(sock, *args, **options)
        try:
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped


def trust(ca: _File, cert: _File, key: _File, server_name: str) -> ssl.SSLContext:
    """A context for what `LinkTls` says, in its order. Raises ssl.SSLError when a file cannot be used."""
    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.server_name = server_name
    try:
        if ca:
            context.load_verify_locations(ca)
        else:
            context.load_default_certs()
        if cert:
            context.load_cert_chain(cert, key or None)
    except OSError as error:
        raise ssl.SSLError(f"cannot use {ca or ''} {cert or ''} {key or ''}: {error}") from error
    return context
