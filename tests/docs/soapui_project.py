"""The project for SoapUI, ``docs/integrators/kimai-remote-soapui-project.xml``.

An interface for each dialect, with its WSDL in the file, so that SoapUI opens it without a server;
and a test suite with a test case for each, which makes the example calls of all methods. The file
has the elements that SoapUI 5 is known to save.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from docs import example_calls
from docs.call_collections import VARIABLES
from docs.example_calls import SAVED, Variable
from kimai_remote.protocols.contracts import BASE, contracts
from kimai_remote.protocols.soap_version import SOAP_11, XSD, XSI
from kimai_remote.protocols.wsdl import SOAP as WSDL_SOAP
from kimai_remote.protocols.wsdl import WSDL
from support.server import ROOT

PAGE = ROOT / "docs" / "integrators" / "kimai-remote-soapui-project.xml"

CONFIG = "http://eviware.com/soapui/config"
MAP = "http://xml.apache.org/xml-soap"
SOAP, ENCODING = SOAP_11.namespace, SOAP_11.encoding

ENDPOINT = f"{BASE}/soap.php"

#: Properties of the project, to be set to those of another server.
PROPERTIES = {
    "endpoint": ENDPOINT,
    **{name: value for name, value in VARIABLES.items() if value and name != "url"},
}


@dataclass(frozen=True)
class Step:
    """A call of a test case.

    :param field: of the first record in the response, whose value the call saves.
    :param property: of the test case, which it is saved in.
    """

    method: str
    arguments: Mapping[str, Any]
    field: str = ""
    property: str = ""


def _step(method: str, **arguments: Any) -> Step:
    """Return the example of a method, with other arguments if some are given."""
    filled = example_calls.filled(example_calls.call_of(method) | arguments, _placeholder)
    return Step(method, filled, *SAVED.get(method, ()))


def _placeholder(variable: Variable) -> str:
    scope = "Project" if variable.name in PROPERTIES else "TestCase"
    return f"${{#{scope}#{variable.name}}}"


_STEPS = (
    *(_step(method) for method in example_calls.CALLS),
    _step("removeTimesheetRecord", id=Variable("recordingId")),
)


def page() -> str:
    """The whole file."""
    project = _element(None, "soapui-project", name="kimai-remote", resourceRoot="", id="project")
    project.set("soapui-version", "5.7.0")
    _element(project, "description", _DESCRIPTION)
    _element(project, "settings")
    dialects = [_Document(), _Encoded()]
    for dialect in dialects:
        _interface(project, dialect)
    suite = _element(project, "testSuite", name="All methods", id="suite")
    _element(suite, "settings")
    _element(suite, "runType", "SEQUENTIAL")
    for dialect in dialects:
        _test_case(suite, dialect)
    _element(suite, "properties")
    _properties(project, PROPERTIES | _returned())
    _element(project, "wssContainer")
    etree.indent(project)
    text = etree.tostring(project, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


_DESCRIPTION = """\
The Remote API of Kimai 1, as kimai-remote serves it, in both SOAP dialects. Set the properties of
the project to those of your server, then run the test suite. Written by "just docs"."""


def _returned() -> dict[str, str]:
    """Return the properties that are set by responses, empty."""
    return {step.property: "" for step in _STEPS if step.property}


# Dialects ----------------------------------------------------------------------------------------


class _Document:
    """document/literal."""

    name = "document/literal"
    style = "document"
    contract = "kimai-remote.wsdl"
    #: Assertions of each response; the schema is in the contract.
    assertions = ("SOAP Response", "SOAP Fault Assertion", "Schema Compliance")

    def envelope(self, step: Step, namespace: str) -> bytes:
        envelope = etree.Element(
            etree.QName(SOAP, "Envelope"), nsmap={"soapenv": SOAP, "k": namespace}
        )
        self._add(_call(envelope, step, namespace), step.arguments, namespace)
        return _text(envelope)

    def _add(self, parent: Any, values: Mapping[str, Any], namespace: str) -> None:
        for name, value in values.items():
            child = etree.SubElement(parent, etree.QName(namespace, name))
            if isinstance(value, Mapping):
                self._add(child, value, namespace)
            else:
                child.text = _plain(value)

    def path(self, field: str, namespace: str) -> str:
        """Return the path of a field of the response."""
        return f"declare namespace k='{namespace}';\n//k:{field}"


class _Encoded:
    """rpc/encoded."""

    name = "rpc/encoded"
    style = "rpc"
    contract = "kimai-remote-rpc.wsdl"
    assertions = ("SOAP Response", "SOAP Fault Assertion")

    def envelope(self, step: Step, namespace: str) -> bytes:
        names = {"soapenv": SOAP, "k": namespace, "xsi": XSI, "xsd": XSD, "map": MAP}
        envelope = etree.Element(etree.QName(SOAP, "Envelope"), nsmap=names)
        call = _call(envelope, step, namespace)
        call.set(etree.QName(SOAP, "encodingStyle"), ENCODING)
        for name, value in step.arguments.items():
            self._add(call, name, value)
        return _text(envelope)

    def _add(self, parent: Any, name: str, value: Any) -> None:
        child = etree.SubElement(parent, name)
        if isinstance(value, Mapping):
            child.set(etree.QName(XSI, "type"), "map:Map")
            for key, content in value.items():
                item = etree.SubElement(child, "item")
                self._add(item, "key", key)
                self._add(item, "value", content)
        else:
            child.set(etree.QName(XSI, "type"), _type(value))
            child.text = _plain(value)

    def path(self, field: str, namespace: str) -> str:
        return "//return" if field == "getVersionResult" else f"//item[key='{field}']/value"


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "xsd:boolean"
    is_id = isinstance(value, str) and value.endswith("Id}")  # a property
    return "xsd:int" if isinstance(value, int) or is_id else "xsd:string"


def _call(envelope: Any, step: Step, namespace: str) -> Any:
    etree.SubElement(envelope, etree.QName(SOAP, "Header"))
    body = etree.SubElement(envelope, etree.QName(SOAP, "Body"))
    return etree.SubElement(body, etree.QName(namespace, step.method))


def _text(envelope: Any) -> bytes:
    etree.indent(envelope)
    return etree.tostring(envelope)  # type: ignore[no-any-return]


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# Parts of the project ----------------------------------------------------------------------------


def _interface(project: Any, dialect: _Document | _Encoded) -> None:
    url = f"{ENDPOINT}?wsdl&style={dialect.style}"
    content = contracts()[dialect.contract]
    tree = etree.fromstring(content)
    namespace = tree.get("targetNamespace")
    (binding,) = tree.iterfind(f"{{{WSDL}}}binding")
    interface = _element(
        project,
        "interface",
        type="wsdl",
        name=dialect.name,
        id=dialect.name,
        wsaVersion="NONE",
        bindingName=f"{{{namespace}}}{binding.get('name')}",
        soapVersion="1_1",
        anonymous="optional",
        definition=url,
    )
    interface.set(etree.QName(XSI, "type"), "con:WsdlInterface")
    _element(interface, "settings")
    cache = _element(interface, "definitionCache", type="TEXT", rootPart=url)
    part = _element(cache, "part")
    _element(part, "url", url)
    _element(part, "content", etree.CDATA(content.decode()))
    _element(part, "type", WSDL)
    endpoints = _element(interface, "endpoints")
    _element(endpoints, "endpoint", ENDPOINT)
    for operation in binding.iterfind(f"{{{WSDL}}}operation"):
        name = operation.get("name")
        entry = _element(
            interface,
            "operation",
            name=name,
            id=f"{dialect.name} {name}",
            isOneWay="false",
            action=operation.find(f"{{{WSDL_SOAP}}}operation").get("soapAction"),
            bindingOperationName=name,
            type="Request-Response",
            inputName=operation.find(f"{{{WSDL}}}input").get("name", ""),
            outputName=operation.find(f"{{{WSDL}}}output").get("name", ""),
            receivesAttachments="false",
            sendsAttachments="false",
            anonymous="optional",
        )
        _element(entry, "settings")
        step = next(step for step in _STEPS if step.method == name)
        call = _element(entry, "call", name="Request 1", id=f"{dialect.name} {name} call")
        _request(call, dialect.envelope(step, namespace).replace(b"#TestCase#", b"#Project#"))
        _element(call, "credentials")[:] = [_element(None, "authType", "No Authorization")]


def _test_case(suite: Any, dialect: _Document | _Encoded) -> None:
    case = _element(
        suite,
        "testCase",
        name=dialect.name,
        id=f"case {dialect.name}",
        failOnError="true",
        failTestCaseOnErrors="true",
        keepSession="false",
        maxResults="0",
        searchProperties="true",
    )
    _element(case, "settings")
    namespace = etree.fromstring(contracts()[dialect.contract]).get("targetNamespace")
    seen: set[str] = set()
    for step in _STEPS:
        name = step.method if step.method not in seen else f"{step.method} again"
        seen.add(step.method)
        _request_step(case, dialect, step, name, namespace)
        if step.property:
            _transfer_step(case, step, name, dialect.path(step.field, namespace))
    _properties(case, _returned())


def _request_step(
    case: Any, dialect: _Document | _Encoded, step: Step, name: str, namespace: str
) -> None:
    entry = _element(case, "testStep", type="request", name=name, id=f"{dialect.name} step {name}")
    _element(entry, "settings")
    config = _element(entry, "config")
    config.set(etree.QName(XSI, "type"), "con:RequestStep")
    _element(config, "interface", dialect.name)
    _element(config, "operation", step.method)
    request = _element(config, "request", name=name, id=f"{dialect.name} request {name}")
    _request(request, dialect.envelope(step, namespace))
    for kind in dialect.assertions:
        label = "Not SOAP Fault" if kind == "SOAP Fault Assertion" else kind
        assertion = _element(
            request, "assertion", type=kind, name=label, id=f"{request.get('id')} {label}"
        )
        _element(assertion, "configuration")
    field, content = (
        ("getVersionResult", "*-*") if step.method == "getVersion" else ("success", "true")
    )
    assertion = _element(
        request, "assertion", type="XPath Match", name="Success", id=f"{request.get('id')} success"
    )
    configuration = _element(assertion, "configuration")
    for tag, text in {
        "path": f"{dialect.path(field, namespace)}/text()",
        "content": content,
        "allowWildcards": "true" if "*" in content else "false",
        "ignoreNamspaceDifferences": "false",  # as SoapUI spells it
        "ignoreComments": "false",
    }.items():
        etree.SubElement(configuration, tag).text = text
    _element(request, "credentials")[:] = [_element(None, "authType", "No Authorization")]


def _transfer_step(case: Any, step: Step, source: str, path: str) -> None:
    name = f"{step.property} of {source}"
    entry = _element(case, "testStep", type="transfer", name=name, id=f"{case.get('id')} {name}")
    _element(entry, "settings")
    config = _element(entry, "config")
    config.set(etree.QName(XSI, "type"), "con:PropertyTransfersStep")
    # Those of the project are for the requests outside of test cases.
    for target in ("#TestCase#", "#Project#"):
        transfer = _element(config, "transfers", **_TRANSFER)
        for tag, text in {
            "name": f"{step.property} to {target.strip('#')}",
            "sourceType": "Response",
            "sourceStep": source,
            "sourcePath": path,
            "targetType": step.property,
            "targetStep": target,
            "targetPath": "",
            "type": "XPATH",
        }.items():
            _element(transfer, tag, text)


_TRANSFER = {
    "failOnError": "true",
    "setNullOnMissingSource": "true",
    "transferTextContent": "true",
    "ignoreEmpty": "false",
    "transferToAll": "false",
    "useXQuery": "false",
    "transferChildNodes": "false",
    "entitize": "false",
}


def _request(parent: Any, envelope: bytes) -> None:
    _element(parent, "settings")
    _element(parent, "encoding", "UTF-8")
    _element(parent, "endpoint", "${#Project#endpoint}")
    _element(parent, "request", etree.CDATA(envelope.decode()))


def _properties(parent: Any, values: Mapping[str, str]) -> None:
    properties = _element(parent, "properties")
    for name, value in values.items():
        entry = _element(properties, "property")
        _element(entry, "name", name)
        _element(entry, "value", value)


def _element(parent: Any, tag: str, text: Any = None, **attributes: str) -> Any:
    """Append an element to its parent, if any. An ID is made from the given text."""
    if "id" in attributes:
        attributes["id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{CONFIG} {attributes['id']}"))
    name = etree.QName(CONFIG, tag)
    if parent is None:
        element = etree.Element(name, attributes, nsmap={"con": CONFIG, "xsi": XSI})
    else:
        element = etree.SubElement(parent, name, attributes)
    element.text = text
    return element
