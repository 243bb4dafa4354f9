"""Why the cloud cannot be reached, in a handful of stable codes that a page can explain and a person can act on."""

from __future__ import annotations

import socket
import ssl
from typing import Literal, NamedTuple, cast, get_args

TroubleCode = Literal[
    "broker_unreachable",  # nobody answers there, or it stopped answering
    "broker_refused_login",  # it answers, and does not want us: user, password, client id
    "broker_refused_topic",  # we may log in, but not listen to this store's stream
    "broker_certificate",  # the two do not trust each other
    "clock_not_set",  # our own clock lies before the certificate began: set the time, not the certificate
]

_CERTIFICATE_NOT_YET_VALID = 9  # X509_V_ERR_CERT_NOT_YET_VALID
_REFUSED = {132, 133, 134, 135}  # MQTT's names for: protocol version, client id, user or password, not authorised


Fault = tuple[TroubleCode, str]


class LinkTrouble(NamedTuple):
    """What keeps the link down, and since when (Millis); `detail` is for a log or a technician."""

    code: TroubleCode
    detail: str
    since: int


def code_of(text: str) -> TroubleCode:
    """The same code, from another process."""
    return cast(TroubleCode, text) if text in get_args(TroubleCode) else "broker_unreachable"


def explain_error(error: Exception) -> Fault:
    """The code and detail for what connecting raised."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == _CERTIFICATE_NOT_YET_VALID:
            return "clock_not_set", "the broker's certificate is not yet valid"
        return "broker_certificate", error.verify_message or str(error)
    if isinstance(error, ssl.SSLError):
        return "broker_certificate", str(error)
    if isinstance(error, socket.gaierror):
        return "broker_unreachable", f"unknown host: {error.strerror}"
    if isinstance(error, TimeoutError):
        return "broker_unreachable", "no answer in time"
    return "broker_unreachable", str(error) or type(error).__name__


def explain_refusal(reason_value: int, reason: str) -> Fault:
    """The code and detail for a CONNACK that says no."""
    return ("broker_refused_login" if reason_value in _REFUSED else "broker_unreachable"), reason


def explain_silence(last_words: str) -> Fault:
    """The code and detail for a connection that ended before the broker said yes.

    With TLS 1.3 a broker that wants a client certificate says so only after our side believes that all is well, so its
    alert comes as a failed read.
    """
    if "SSL" in last_words:
        return "broker_certificate", last_words
    return "broker_unreachable", last_words or "the broker closed the connection before it answered"
