"""Faults of both versions of SOAP."""

from __future__ import annotations

from spyne.error import ResourceNotFoundError
from spyne.model.fault import Fault

from .rendering import escape, escape_attribute
from .soap_version import SOAP_12, SoapContext

LONGEST_FAULT = 400
FAULT_CODES = ("Client", "Server", "VersionMismatch", "MustUnderstand")
#: Number of headers that a fault names.
MAX_HEADERS = 10


def fault_envelope(context: SoapContext, fault: Fault, prefix: str) -> str:
    """Return the envelope of a fault.

    :param prefix: of the namespace of the envelope.
    """
    version = context.version
    code = _code(fault)
    content = version.fault.format(
        prefix=prefix, code=version.fault_codes.get(code, code), text=escape(_text(fault))
    )
    # SOAP 1.1 has no such header.
    not_understood = context.not_understood if version is SOAP_12 else ()
    headers = [
        f"<{prefix}:NotUnderstood {_qname(*header)}/>" for header in not_understood[:MAX_HEADERS]
    ]
    header = f"<{prefix}:Header>{''.join(headers)}</{prefix}:Header>" if headers else ""
    return (
        f'<{prefix}:Envelope xmlns:{prefix}="{version.namespace}">{header}<{prefix}:Body>'
        f"<{prefix}:Fault>{content}</{prefix}:Fault></{prefix}:Body></{prefix}:Envelope>"
    )


def _qname(namespace: str, name: str) -> str:
    """Return the attributes that name a header."""
    if not namespace:  # which a prefix can't stand for
        return f'qname="{name}"'
    return f'qname="h:{name}" xmlns:h="{escape_attribute(namespace)}"'


def _code(fault: Fault) -> str:
    """One of the four codes of SOAP 1.1; Spyne's own ones say more behind a dot."""
    code = str(fault.faultcode).split(".")[0]
    return code if code in FAULT_CODES else "Server"


def _text(fault: Fault) -> str:
    """The text of a fault for the client."""
    if isinstance(fault, ResourceNotFoundError):
        return "There is no such method here; see ?wsdl."
    text = fault.faultstring
    text = text.decode("ascii", "replace") if isinstance(text, bytes) else str(text)
    # Some of Spyne's quote the whole value.
    return text if len(text) <= LONGEST_FAULT else text[: LONGEST_FAULT - 1] + "…"
