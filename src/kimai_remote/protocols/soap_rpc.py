"""SOAP rpc/encoded as Kimai 1 spoke it, with responses as PHP's ext/soap writes them."""

from __future__ import annotations

import base64
import re
from typing import Any

from lxml import etree
from spyne import MethodContext
from spyne.model.complex import ComplexModelBase
from spyne.protocol.soap import Soap11

from ..api.execution import ApiFault, Envelope
from ..api.fields import NAMESPACE, default_of
from ..errors import InvalidParameter
from . import rendering
from .dispatcher import result_type
from .php_coercion import reader_of
from .rendering import escape_attribute
from .response_body import ResponseBody
from .soap_envelope import SoapMessage, is_true, nil_of
from .soap_fault import fault_envelope
from .soap_version import SOAP_11, SOAP_12, XSI, SoapContext

_XSI_TYPE = f"{{{XSI}}}type"
_ENCODINGS = (SOAP_11.encoding, SOAP_12.encoding)
#: Attributes that only arrays have.
_ARRAY_ATTRIBUTES = (
    f"{{{SOAP_11.encoding}}}arrayType",
    f"{{{SOAP_12.encoding}}}itemType",
    f"{{{SOAP_12.encoding}}}arraySize",
)
# Attributes of SOAP 1.2; SOAP 1.1 has id and href, without a namespace.
_ID, _REF = f"{{{SOAP_12.encoding}}}id", f"{{{SOAP_12.encoding}}}ref"
#: Maximum number of values in a request, and of their nesting. A record has twenty, in one level.
MAX_VALUES = 10_000
MAX_DEPTH = 20
_UNNAMED = re.compile(r"(?:param|arg)\d+|c-gensym\d+", re.ASCII)
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def is_encoded(request: SoapMessage) -> bool:
    """Return whether a request is in this style, by its structure.

    A call in another namespace than the contract's is: clients that were generated from the
    contract of another server send that server's.
    """
    if request.has_encoding_style or request.namespace != NAMESPACE:
        return True
    for child in request.element:
        name = etree.QName(child)
        return name.namespace is None or _UNNAMED.fullmatch(name.localname) is not None
    return False


class RpcEncoded(Soap11):
    """Reads a :class:`SoapMessage` by name or by position, writes maps and arrays."""

    def decompose_incoming_envelope(self, ctx: MethodContext, message: Any = None) -> None:
        request: SoapMessage = ctx.in_document
        ctx.in_header_doc = None
        ctx.in_body_doc = request.element
        ctx.method_request_string = f"{{{self.app.tns}}}{request.method}"

    def deserialize(self, ctx: MethodContext, message: Any) -> None:
        element = ctx.in_body_doc
        encoded = _Values(element.getparent())
        message_type = ctx.descriptor.in_message
        parameters = message_type.get_flat_type_info(message_type)
        children = list(element)
        named = {etree.QName(child).localname: child for child in children}
        # PHP's SoapClient without a contract doesn't know the names; then the order counts.
        by_position = bool(children) and not named.keys() & parameters.keys()
        values = []
        for position, (name, parameter_type) in enumerate(parameters.items()):
            if by_position:
                child = children[position] if position < len(children) else None
            else:
                child = named.get(name)
            if child is None:
                values.append(default_of(parameter_type))
                continue
            try:
                value = encoded.read_parameter(child, parameter_type)
                values.append(reader_of(parameter_type)(value, name))
            except InvalidParameter as error:
                raise ApiFault(error) from None
        ctx.in_object = values

        def render(envelope: Envelope) -> ResponseBody:
            return self._return(ctx, envelope)

        ctx.udc.render = render

    def serialize(self, ctx: MethodContext, message: Any) -> None:
        context: SoapContext = ctx.udc
        version = context.version
        if ctx.out_error is not None:
            fault = fault_envelope(context, ctx.out_error, version.prefix)
            ctx.out_document = ResponseBody([f"{_DECLARATION}{fault}\n".encode()])
            return
        (result,) = ctx.out_object
        if not isinstance(result, ResponseBody):
            result = self._document(ctx, *rendering.soap_rpc_value("string", str(result), version))
        ctx.out_document = result

    def _return(self, ctx: MethodContext, envelope: Envelope) -> ResponseBody:
        """Return the response with a result."""
        version = ctx.udc.version
        if (
            ctx.descriptor.udd.get("legacy_boolean")
            and ctx.udc.service.settings.legacy_stop_boolean
        ):
            text = "true" if envelope.success else "false"
            return self._document(ctx, *rendering.soap_rpc_value("boolean", text, version))
        return self._document(ctx, *rendering.soap_rpc(result_type(ctx), envelope, version))

    @staticmethod
    def _document(ctx: MethodContext, namespaces: str, content: ResponseBody) -> ResponseBody:
        """Return the envelope around a ``return`` element with these namespaces."""
        request: SoapMessage = ctx.in_document
        version = ctx.udc.version
        # Proxies check the namespace of the result against the contract they were made from.
        namespace = escape_attribute(request.namespace or ctx.udc.find_url())
        head = (
            f"{_DECLARATION}<{version.prefix}:Envelope xmlns:{version.prefix}="
            f'"{version.namespace}" xmlns:ns1="{namespace}" {namespaces}'
            f"{version.rpc_start.format(method=request.method)}"
        )
        tail = version.rpc_end.format(method=request.method)
        return content.wrap(head.encode(), tail.encode())


class _Values:
    """Reads encoded values as what JSON would have: text, list, dict or None.

    :param body: holds the values that an ``href`` of SOAP 1.1 or a ``ref`` of 1.2 can point to.
    """

    def __init__(self, body: Any) -> None:
        self._by_id = {name: node for node in body.iter() if (name := _id(node))}
        #: Values that were pointed to, and how many are in each: many may point to a long one.
        self._values: dict[Any, tuple[Any, int]] = {}
        self._read = 0

    def read_parameter(self, element: Any, parameter_type: Any) -> Any:
        """Read a parameter. A record may also be an array of its fields, or one that holds a map:
        the contract declares it as an array, as Kimai's did."""
        value = self.read(element)
        if not issubclass(parameter_type, ComplexModelBase) or not isinstance(value, list):
            return value
        if len(value) == 1 and isinstance(value[0], dict):
            return value[0]
        names = [str(etree.QName(child).localname) for child in self._target(element)]
        fields = parameter_type.get_flat_type_info(parameter_type)
        return value if set(fields).isdisjoint(names) else dict(zip(names, value, strict=True))

    def read(self, element: Any, depth: int = 0) -> Any:
        self._read += 1
        if depth > MAX_DEPTH or self._read > MAX_VALUES:  # it may contain itself
            raise InvalidParameter("The request has too many values, or they are nested too deep.")
        target = self._target(element)
        if target is element:
            return self._value(element, depth)
        if target in self._values:
            value, count = self._values[target]
            self._read += count
            return value
        before = self._read
        value = self._value(target, depth)
        self._values[target] = value, self._read - before
        return value

    def _value(self, element: Any, depth: int) -> Any:
        if is_true(nil_of(element)):
            return None
        xsi_type = _type_of(element)
        children = list(element)
        pairs = [child for child in children if _is_pair(child)]
        if xsi_type == "Map" or (xsi_type == "" and pairs and pairs == children):
            return {key.text or "": self.read(value, depth + 1) for key, value in pairs}
        if xsi_type == "Array":
            return [self.read(child, depth + 1) for child in children]
        if children or xsi_type == "Struct":
            return {
                str(etree.QName(child).localname): self.read(child, depth + 1) for child in children
            }
        text = element.text or ""
        if xsi_type in ("base64Binary", "base64"):
            return _decoded(text)
        # PHP reads "false" as true, so a real boolean must not stay a text.
        return text.strip() in ("true", "1") if xsi_type == "boolean" else text

    def _target(self, element: Any) -> Any:
        """Return the element that has the value: another one if this points to it."""
        target = element.get("href", element.get(_REF))
        if target is None:
            return element
        element = self._by_id.get(target.removeprefix("#"))
        if element is None:
            raise InvalidParameter(f"There is no value {target[:40]!r} in the request.")
        return element


def _type_of(element: Any) -> str:
    """Return the name of a value's type, without its namespace; "" if the element doesn't say.

    A referenced value of .NET's says it by the name of its element, such as ``soapenc:Array``.
    """
    xsi_type = element.get(_XSI_TYPE, "").rpartition(":")[2].strip()
    if xsi_type:
        return str(xsi_type)
    name = etree.QName(element)
    if name.namespace in _ENCODINGS:
        return str(name.localname)
    return "Array" if any(map(element.get, _ARRAY_ATTRIBUTES)) else ""


def _decoded(text: str) -> str:
    """A text in base64, as Perl's SOAP::Lite sends every one that isn't ASCII."""
    try:
        # Line breaks may come anywhere in it.
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except ValueError:
        raise InvalidParameter(f"{text[:40]!r} isn't a UTF-8 text in base64.") from None


def _id(element: Any) -> str | None:
    identifier: str | None = element.get("id", element.get(_ID))
    return identifier


def _is_pair(element: Any) -> bool:
    return len(element) == 2 and [etree.QName(child).localname for child in element] == [
        "key",
        "value",
    ]
