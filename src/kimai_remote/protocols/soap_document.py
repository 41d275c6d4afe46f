"""SOAP document/literal over Spyne: strict on input by the schema, compiled on output."""

from __future__ import annotations

import copy
import threading
from typing import Any

from lxml import etree
from spyne import MethodContext
from spyne.error import ResourceNotFoundError
from spyne.model.complex import ComplexModelBase
from spyne.model.primitive import Boolean
from spyne.protocol.soap import Soap11

from ..api.execution import ApiFault, Envelope
from ..api.fields import NAMESPACE, default_of
from ..errors import InvalidRequest
from . import rendering
from .dispatcher import result_type
from .rendering import escape
from .response_body import ResponseBody
from .soap_envelope import XSI_NIL, SoapMessage, nil_of
from .soap_fault import fault_envelope
from .soap_version import XSI, SoapContext

#: Size of all values that are inserted: that of their XML, and of each element in memory.
_MAX_REFERENCED = 500_000
_NODE_SIZE = 1_000
_DECLARATION = "<?xml version='1.0' encoding='utf-8'?>\n"


class DocumentLiteral(Soap11):
    """Reads a :class:`SoapMessage`, checks it against the schema, writes an envelope."""

    def __init__(self, validator: str | None = "lxml") -> None:
        super().__init__(validator=validator, parse_xsi_type=False)
        # Spyne's own takes " true " for false.
        self._from_unicode_handlers[Boolean] = _read_boolean
        # The schema keeps the errors of the last document for all threads.
        self._validating = threading.Lock()

    def decompose_incoming_envelope(self, ctx: MethodContext, message: Any = None) -> None:
        request: SoapMessage = ctx.in_document
        element = request.element
        _insert_references(element)
        for child in element.iter():
            _adapt_attributes(child)
        # Perl's SOAP::Lite marks a call without parameters as null.
        element.attrib.pop(XSI_NIL, None)
        _remove_space(element)
        ctx.in_header_doc = None
        ctx.in_body_doc = element
        ctx.method_request_string = element.tag
        if self.app.interface.service_method_map.get(element.tag) is None:
            raise ResourceNotFoundError(element.tag)
        self.validate_body(ctx, self.REQUEST)

    def validate_body(self, ctx: MethodContext, message: Any) -> None:
        schema = self.validation_schema
        with self._validating:
            if schema.validate(ctx.in_body_doc):
                return
            problem = schema.error_log[0].message
        raise ApiFault(InvalidRequest(f"The request doesn't fit the schema: {problem[:300]}"))

    def deserialize(self, ctx: MethodContext, message: Any) -> None:
        super().deserialize(ctx, message)
        message_type = ctx.descriptor.in_message
        types = message_type.get_flat_type_info(message_type).values()
        ctx.in_object = [
            default_of(parameter_type) if value is None or _is_empty(value) else value
            for value, parameter_type in zip(ctx.in_object, types, strict=True)
        ]

        def render(envelope: Envelope) -> ResponseBody:
            return rendering.soap_document("tns", result_type(ctx), envelope)

        ctx.udc.render = render

    def serialize(self, ctx: MethodContext, message: Any) -> None:
        context: SoapContext = ctx.udc
        prefix = context.version.spyne_prefix
        if ctx.out_error is not None:
            fault = fault_envelope(context, ctx.out_error, prefix)
            ctx.out_document = ResponseBody([f"{_DECLARATION}{fault}".encode()])
            return
        response = ctx.descriptor.out_message
        (name,) = response._type_info
        (result,) = ctx.out_object
        wrapper = response.get_type_name()
        if not isinstance(result, ResponseBody):
            result = ResponseBody([escape(str(result)).encode()])
        head = (
            f'{_DECLARATION}<{prefix}:Envelope xmlns:{prefix}="{context.version.namespace}" '
            f'xmlns:tns="{self.app.tns}" '
            f'xmlns:xsi="{XSI}"><{prefix}:Body><tns:{wrapper}><tns:{name}>'
        )
        tail = f"</tns:{name}></tns:{wrapper}></{prefix}:Body></{prefix}:Envelope>"
        ctx.out_document = result.wrap(head.encode(), tail.encode())


def _insert_references(call: Any) -> None:
    """Put values that stand beside a call where its ``href`` attributes refer to them. kSOAP2 can
    send them so, although that belongs to rpc/encoded.

    :raises ApiFault: they are too long together, or contain themselves.
    """
    beside = [value for value in call.getparent() if value is not call]
    values = {f"#{value.get('id')}": value for value in beside if value.get("id")}
    if not values:
        return
    sizes: dict[Any, int] = {}
    size = 0
    for element in call.iter():  # what is inserted comes next
        value = values.get(element.get("href"))
        if value is None:
            continue
        if value not in sizes:
            xml = etree.tostring(value, encoding="utf-8", with_tail=False)
            sizes[value] = len(xml) + _NODE_SIZE * sum(1 for _ in value.iter())
        size += sizes[value]
        if size > _MAX_REFERENCED:
            raise ApiFault(InvalidRequest("The request has too many or too long references."))
        del element.attrib["href"]
        element.attrib.update(value.attrib)
        element.text = value.text
        element.extend(copy.deepcopy(child) for child in value)


def _adapt_attributes(element: Any) -> None:
    """Remove all attributes that say nothing about the value, as toolkits add them for rpc/encoded:
    ``id``, types, those of other namespaces. The contract has no attributes of its own."""
    if not element.attrib:
        return
    nil = nil_of(element)
    for name in list(element.attrib):
        if name == "id" or (name.startswith("{") and not name.startswith(f"{{{NAMESPACE}}}")):
            del element.attrib[name]
    # Spyne takes any value of xsi:nil for true.
    if nil and nil.strip() not in ("false", "0"):
        element.set(XSI_NIL, nil)
        _remove_space(element)


def _remove_space(element: Any) -> None:
    """Remove white space where the schema allows no content at all."""
    if len(element) == 0 and element.text and not element.text.strip():
        element.text = None


def _is_empty(value: Any) -> bool:
    """Return whether a value is a record without a field."""
    return isinstance(value, ComplexModelBase) and not any(
        getattr(value, name) is not None for name in value.get_flat_type_info(type(value))
    )


def _read_boolean(_kind: type, text: str) -> bool:
    """The schema has let nothing through but the four spellings, with space around them."""
    return text.strip() in ("true", "1")
