"""The two versions of SOAP, as data: what they name and write differently."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..api.execution import RequestContext

XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSD = "http://www.w3.org/2001/XMLSchema"


@dataclass(frozen=True, slots=True, eq=False)
class SoapVersion:
    """A version of SOAP. A response is in the version of its request."""

    #: Namespace of the envelope.
    namespace: str
    #: Namespace of rpc/encoded's attributes, which is the value of encodingStyle too.
    encoding: str
    content_type: str
    #: Prefix of the namespace of the envelope in PHP's responses, and in Spyne's.
    prefix: str
    spyne_prefix: str
    #: Name of the attribute that says whom a header is for, and its values that mean this service.
    role: str
    own_roles: frozenset[str]
    #: Declaration of the namespace of the encoding, as PHP writes it.
    declaration: str
    #: Attributes of an array for a type and a length, as PHP writes them.
    array: str
    #: Type of the values in an empty array.
    any_type: str
    #: Start and end of an rpc response behind the namespaces, for a method.
    rpc_start: str
    rpc_end: str
    #: Content of a fault for a prefix, a code and a text.
    fault: str
    #: What other versions than 1.1 call the codes of faults.
    fault_codes: Mapping[str, str] = field(default_factory=dict)


_ENCODING_11 = "http://schemas.xmlsoap.org/soap/encoding/"
SOAP_11 = SoapVersion(
    namespace="http://schemas.xmlsoap.org/soap/envelope/",
    encoding=_ENCODING_11,
    content_type="text/xml",
    prefix="SOAP-ENV",
    spyne_prefix="soap11env",
    role="actor",
    own_roles=frozenset(("", "http://schemas.xmlsoap.org/soap/actor/next")),
    declaration=f'xmlns:SOAP-ENC="{_ENCODING_11}"',
    array='SOAP-ENC:arrayType="{type}[{length}]" xsi:type="SOAP-ENC:Array"',
    any_type="xsd:ur-type",
    rpc_start=(f' SOAP-ENV:encodingStyle="{_ENCODING_11}"><SOAP-ENV:Body><ns1:{{method}}Response>'),
    rpc_end="</ns1:{method}Response></SOAP-ENV:Body></SOAP-ENV:Envelope>\n",
    fault="<faultcode>{prefix}:{code}</faultcode><faultstring>{text}</faultstring>",
)
_ROLES = "http://www.w3.org/2003/05/soap-envelope/role"
_ENCODING_12 = "http://www.w3.org/2003/05/soap-encoding"
SOAP_12 = SoapVersion(
    namespace="http://www.w3.org/2003/05/soap-envelope",
    encoding=_ENCODING_12,
    content_type="application/soap+xml",
    prefix="env",
    spyne_prefix="soap12env",
    role="role",
    own_roles=frozenset(("", f"{_ROLES}/next", f"{_ROLES}/ultimateReceiver")),
    declaration=f'xmlns:enc="{_ENCODING_12}"',
    array='enc:itemType="{type}" enc:arraySize="{length}" xsi:type="enc:Array"',
    any_type="xsd:anyType",
    rpc_start=(
        '><env:Body xmlns:rpc="http://www.w3.org/2003/05/soap-rpc"><ns1:{method}Response '
        f'env:encodingStyle="{_ENCODING_12}">'
        "<rpc:result>return</rpc:result>"
    ),
    rpc_end="</ns1:{method}Response></env:Body></env:Envelope>\n",
    # PHP leaves out the language, which SOAP 1.2 requires.
    fault=(
        "<{prefix}:Code><{prefix}:Value>{prefix}:{code}</{prefix}:Value></{prefix}:Code>"
        '<{prefix}:Reason><{prefix}:Text xml:lang="en">{text}</{prefix}:Text></{prefix}:Reason>'
    ),
    fault_codes={"Client": "Sender", "Server": "Receiver"},
)


@dataclass
class SoapContext(RequestContext):
    """State of one call over SOAP."""

    #: Return the URL of the endpoint, the namespace of responses to requests that have none.
    find_url: Callable[[], str]
    version: SoapVersion = SOAP_11
    #: Namespaces and names of headers that had to be understood and weren't.
    not_understood: tuple[tuple[str, str], ...] = ()
