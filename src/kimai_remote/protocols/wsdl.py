"""WSDL of both SOAP styles: Spyne's, with its defects fixed, for document/literal, and one like
Kimai's own for rpc/encoded.

Each is built once with a placeholder for the URL, which is filled in from each request's own
(checked) URL: no request can leave its Host header to others.
"""

from __future__ import annotations

import copy
import functools
from typing import Any
from xml.sax.saxutils import escape as escape_xml

from lxml import etree
from spyne import Application
from spyne.interface.wsdl import Wsdl11
from spyne.model import primitive
from spyne.model.complex import ComplexModelBase

from ..api.fields import NAMESPACE, DateText
from .discovery import Method, methods
from .dispatcher import SERVICE_NAME
from .soap_version import SOAP_11, SOAP_12, XSD, SoapVersion

WSDL = "http://schemas.xmlsoap.org/wsdl/"
SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
SOAP_12_BINDING = "http://schemas.xmlsoap.org/wsdl/soap12/"
TRANSPORT = "http://schemas.xmlsoap.org/soap/http"
URL_PLACEHOLDER = "kimai-remote-address"


class Wsdl:
    """A WSDL that is served under any URL."""

    def __init__(self, document: str) -> None:
        self._parts = document.split(URL_PLACEHOLDER)

    def at(self, url: str) -> bytes:
        """Return the document with the URL of the service filled in."""
        escaped = escape_xml(url, {'"': "&quot;"})
        return escaped.join(self._parts).encode()


@functools.cache
def document_literal(app: Application, version: SoapVersion = SOAP_11) -> Wsdl:
    """Return the WSDL of an application that speaks document/literal.

    :param version: the version of SOAP that clients are told to speak.
    """
    root = copy.deepcopy(_corrected_wsdl(app))
    if version is SOAP_12:
        _bind_soap_12(root)
    # Namespaces of SOAP 1.2 that nothing uses make gSOAP speak it.
    etree.cleanup_namespaces(root, keep_ns_prefixes=["tns", "xs", "soap"])
    return _wsdl(root)


@functools.cache
def _corrected_wsdl(app: Application) -> Any:
    """Return the root of Spyne's WSDL, corrected."""
    builder = Wsdl11(app.interface)
    builder.build_interface_document(URL_PLACEHOLDER)
    root = etree.fromstring(builder.get_interface_document())
    fix_spyne_wsdl(root)
    return root


def fix_spyne_wsdl(root: Any) -> None:
    """Correct in place what keeps generators of clients from reading Spyne's WSDL."""

    def tag(name: str) -> str:
        return f"{{{WSDL}}}{name}"

    names = {"portType": f"{SERVICE_NAME}PortType", "binding": f"{SERVICE_NAME}Binding"}
    for name, text in names.items():
        (element,) = root.findall(tag(name))
        element.set("name", text)
    (binding,) = root.findall(tag("binding"))
    binding.set("type", f"tns:{names['portType']}")
    (style,) = binding.findall(f"{{{SOAP}}}binding")
    style.set("transport", TRANSPORT)
    (service,) = root.findall(tag("service"))
    service.set("name", SERVICE_NAME)
    (port,) = service.findall(tag("port"))
    port.set("name", f"{SERVICE_NAME}Port")
    port.set("binding", f"tns:{names['binding']}")
    for message in root.findall(tag("message")):
        for part in message:
            part.set("name", "parameters")
    for operation in root.iter(tag("operation")):
        operation.attrib.pop("parameterOrder", None)
    # Python 3.13 takes the indentation out of docstrings, older ones leave it in.
    for text in root.iter(tag("documentation"), f"{{{XSD}}}documentation"):
        text.text = " ".join((text.text or "").split())
    for element in root.iter(f"{{{XSD}}}element"):
        _describe_default(element)
    # Spyne writes the types in the order of a set, which differs from run to run.
    for schema in root.iter(f"{{{XSD}}}schema"):
        schema[:] = sorted(schema, key=lambda child: (child.tag, child.get("name")))
    # WSDL 1.1 wants types, messages, portType, binding, service in this order.
    order = ["types", "message", "portType", "binding", "service"]
    for element in sorted(root, key=lambda child: order.index(etree.QName(child).localname)):
        root.append(element)
    if root.get("targetNamespace") != NAMESPACE:
        raise ValueError("the WSDL isn't in the namespace of the service")


def _describe_default(element: Any) -> None:
    """Say in words what a parameter's default is, instead of in an attribute.

    XML Schema's attribute is about empty elements, not absent ones, and .NET doesn't read it.
    """
    default = element.attrib.pop("default", None)
    if default is None:
        return
    path = f"{{{XSD}}}annotation/{{{XSD}}}documentation"
    text = element.find(path)
    text.text = f"{text.text} If absent or nil: {default}."


def _bind_soap_12(root: Any) -> None:
    """Turn the binding of SOAP 1.1 into one of SOAP 1.2, with names of its own: a program may have
    both."""
    for element in root.iter(f"{{{SOAP}}}*"):
        element.tag = f"{{{SOAP_12_BINDING}}}{etree.QName(element).localname}"
    binding = root.find(f"{{{WSDL}}}binding")
    port = root.find(f"{{{WSDL}}}service/{{{WSDL}}}port")
    binding.set("name", f"{SERVICE_NAME}Soap12Binding")
    port.set("binding", f"tns:{SERVICE_NAME}Soap12Binding")
    port.set("name", f"{SERVICE_NAME}Soap12Port")


#: Kimai's name of the service; proxies that were generated from it have classes of these names.
LEGACY_SERVICE = "Kimai_Remote_Api"


@functools.cache
def rpc_encoded(*, booleans: bool = False) -> Wsdl:
    """Return the WSDL of the rpc/encoded style. Its namespace is the URL, as Kimai had it.

    :param booleans: whether methods that returned a boolean until 2018 still do.
    """
    namespaces = {
        None: WSDL,
        "tns": URL_PLACEHOLDER,
        "soap": SOAP,
        "xsd": XSD,
        "soap-enc": SOAP_11.encoding,
    }
    root = etree.Element(f"{{{WSDL}}}definitions", nsmap=namespaces)
    root.set("name", LEGACY_SERVICE)
    root.set("targetNamespace", URL_PLACEHOLDER)
    # Kimai's contract has a schema without types. Mono's wsdl needs it; suds needs the import. With
    # a type apache:Map in it, Mono's proxies would fail to make an array of a map.
    schema = etree.SubElement(_child(root, "types"), f"{{{XSD}}}schema")
    schema.set("targetNamespace", URL_PLACEHOLDER)
    etree.SubElement(schema, f"{{{XSD}}}import").set("namespace", SOAP_11.encoding)
    described = list(methods())
    for method in described:
        message = _child(root, "message", name=f"{method.name}In")
        for parameter in method.parameters:
            _child(message, "part", name=parameter.name, type=_legacy_type(parameter.spyne_type))
        message = _child(root, "message", name=f"{method.name}Out")
        _child(message, "part", name="return", type=_legacy_result(method, booleans))
    port_type = _child(root, "portType", name=f"{LEGACY_SERVICE}Port")
    for method in described:
        operation = _child(port_type, "operation", name=method.name)
        _child(operation, "documentation").text = method.doc
        _child(operation, "input", message=f"tns:{method.name}In")
        _child(operation, "output", message=f"tns:{method.name}Out")
    binding = _child(
        root, "binding", name=f"{LEGACY_SERVICE}Binding", type=f"tns:{LEGACY_SERVICE}Port"
    )
    _soap(binding, "binding", style="rpc", transport=TRANSPORT)
    for method in described:
        operation = _child(binding, "operation", name=method.name)
        _soap(operation, "operation", soapAction=f"{URL_PLACEHOLDER}#{method.name}")
        for direction in ("input", "output"):
            _soap(
                _child(operation, direction),
                "body",
                use="encoded",
                encodingStyle=SOAP_11.encoding,
                namespace=URL_PLACEHOLDER,
            )
    service = _child(root, "service", name=f"{LEGACY_SERVICE}Service")
    port = _child(
        service, "port", name=f"{LEGACY_SERVICE}Port", binding=f"tns:{LEGACY_SERVICE}Binding"
    )
    _soap(port, "address", location=URL_PLACEHOLDER)
    return _wsdl(root)


def _legacy_type(spyne_type: Any) -> str:
    if getattr(spyne_type.Attributes, "legacy_any", False):
        return "xsd:anyType"
    if issubclass(spyne_type, ComplexModelBase):
        # A record is sent as a map, or as an array of named elements; Kimai declared it like this.
        return "soap-enc:Array"
    if issubclass(spyne_type, primitive.Boolean):
        return "xsd:boolean"
    return "xsd:int" if issubclass(spyne_type, DateText | primitive.Integer) else "xsd:string"


def _legacy_result(method: Method, booleans: bool) -> str:
    if booleans and method.legacy_boolean:
        return "xsd:boolean"
    return "soap-enc:Array" if issubclass(method.result, ComplexModelBase) else "xsd:string"


def _child(parent: Any, element: str, **attributes: str) -> Any:
    return etree.SubElement(parent, f"{{{WSDL}}}{element}", attributes)


def _soap(parent: Any, name: str, **attributes: str) -> Any:
    return etree.SubElement(parent, f"{{{SOAP}}}{name}", attributes)


def _wsdl(root: Any) -> Wsdl:
    etree.indent(root)
    text = etree.tostring(root, encoding="unicode")
    return Wsdl(f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n')
