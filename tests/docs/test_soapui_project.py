"""The project for SoapUI: its format, and its test cases, run as SoapUI runs them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from docs import soapui_project
from docs.soapui_project import CONFIG, SOAP, WSDL, XSD, XSI
from kimai_remote.protocols.discovery import methods
from support.raw_http import Response, request
from support.server import Server

NAMES = {"c": CONFIG, "s": SOAP, "w": WSDL, "x": XSD}


class Project:
    """A project and the properties that its test cases set."""

    def __init__(self) -> None:
        self.tree = etree.fromstring(soapui_project.PAGE.read_bytes())
        self.properties = _properties(self.tree)

    def interface(self, name: str) -> Any:
        (found,) = self.tree.xpath("c:interface[@name=$name]", namespaces=NAMES, name=name)
        return found

    def wsdl(self, interface: Any) -> Any:
        """Return the contract that SoapUI has without asking the server."""
        cache = interface.find("c:definitionCache", NAMES)
        url = cache.get("rootPart")
        (content,) = cache.xpath("c:part[c:url=$url]/c:content/text()", namespaces=NAMES, url=url)
        return etree.fromstring(content.encode())

    def schema(self, interface: Any) -> etree.XMLSchema:
        # As text of its own: the prefixes of its types are declared outside of it.
        schema = self.wsdl(interface).find("w:types/x:schema", NAMES)
        return etree.XMLSchema(etree.fromstring(etree.tostring(schema)))

    @property
    def cases(self) -> list[Any]:
        return list(self.tree.iterfind("c:testSuite/c:testCase", NAMES))


def _properties(parent: Any) -> dict[str, str]:
    return {
        one.findtext("c:name", None, NAMES): one.findtext("c:value", "", NAMES)
        for one in parent.iterfind("c:properties/c:property", NAMES)
    }


class Run:
    """A run of a test case: each step with what failed in it."""

    def __init__(self, project: Project, case: Any, server: Server) -> None:
        self.project, self.server = project, server
        self.scopes = {"Project": project.properties, "TestCase": _properties(case)}
        self.responses: dict[str, Any] = {}
        #: What failed in the last step.
        self.failed: list[str] = []
        self.steps = {step.get("name"): self._step(step) for step in self._until_failed(case)}

    def _until_failed(self, case: Any) -> Iterator[Any]:
        for step in case.iterfind("c:testStep", NAMES):
            if self.failed:
                return
            yield step

    def _step(self, step: Any) -> list[str]:
        config = step.find("c:config", NAMES)
        run = {"request": self._request, "transfer": self._transfer}[step.get("type")]
        self.failed = run(step.get("name"), config)
        return self.failed

    def _expand(self, text: str) -> str:
        """Replace ``${#Scope#name}`` by the value of the property.

        :raises LookupError: there is no such property.
        """
        return re.sub(r"\$\{#(\w+)#(\w+)\}", lambda one: self.scopes[one[1]][one[2]], text)

    def _request(self, name: str, config: Any) -> list[str]:
        interface = self.project.interface(config.findtext("c:interface", None, NAMES))
        operation = config.findtext("c:operation", None, NAMES)
        (action,) = interface.xpath(
            "c:operation[@name=$name]/@action", namespaces=NAMES, name=operation
        )
        entry = config.find("c:request", NAMES)
        endpoint = self._expand(entry.findtext("c:endpoint", None, NAMES))
        assert endpoint == self.server.soap
        body = self._expand(entry.findtext("c:request", None, NAMES)).encode()
        headers = {"Content-Type": "text/xml;charset=UTF-8", "SOAPAction": f'"{action}"'}
        response = request(self.server, "POST", "/core/soap.php", body, headers)
        self.responses[name] = etree.fromstring(response.body)
        if entry.xpath("c:assertion[@type='Schema Compliance']", namespaces=NAMES):
            self._validate(interface, etree.fromstring(body))
        return [
            f"{one.get('name')}: {response.text}"
            for one in entry.iterfind("c:assertion", NAMES)
            if not self._holds(one, interface, response)
        ]

    def _validate(self, interface: Any, envelope: Any) -> None:
        """:raises etree.DocumentInvalid: the body doesn't conform to the contract."""
        self.project.schema(interface).assertValid(envelope.find("s:Body", NAMES)[0])

    def _holds(self, assertion: Any, interface: Any, response: Response) -> bool:
        envelope = etree.fromstring(response.body)
        match assertion.get("type"):
            case "SOAP Response":
                return bool(envelope.tag == f"{{{SOAP}}}Envelope")
            case "SOAP Fault Assertion":
                return envelope.find("s:Body/s:Fault", NAMES) is None
            case "Schema Compliance":
                self._validate(interface, envelope)
                return True
            case "XPath Match":
                found = _select(envelope, assertion.findtext("*/path"))
                content = assertion.findtext("*/content")
                if assertion.findtext("*/allowWildcards") == "true":
                    return len(found) == 1 and fnmatchcase(found[0], content)
                return found == [content]
            case other:
                raise AssertionError(other)

    def _transfer(self, _name: str, config: Any) -> list[str]:
        failures = []
        for one in config.iterfind("c:transfers", NAMES):
            field = {child.tag.rpartition("}")[2]: child.text or "" for child in one}
            found = _select(self.responses[field["sourceStep"]], field["sourcePath"])
            scope = self.scopes[field["targetStep"].strip("#")]
            assert field["targetType"] in scope
            if found:
                scope[field["targetType"]] = "".join(found[0].itertext())
            else:
                failures.append(f"{field['name']}: nothing at {field['sourcePath']}")
        return failures


def _select(tree: Any, path: str) -> list[Any]:
    """Return what an XPath finds that may begin with declarations of namespaces."""
    declared = re.compile(r"declare namespace (\w+)='([^']+)';\s*")
    return list(tree.xpath(declared.sub("", path), namespaces=dict(declared.findall(path))))


@pytest.fixture
def project(demo_server: Server) -> Project:
    opened = Project()
    opened.properties["endpoint"] = demo_server.soap
    return opened


def test_the_format() -> None:
    schema = etree.XMLSchema(etree.parse(Path(__file__).with_name("soapui_format.xsd")))
    tree = Project().tree
    schema.assertValid(tree)
    for step in tree.iter(f"{{{CONFIG}}}testStep"):
        kinds = {"request": "con:RequestStep", "transfer": "con:PropertyTransfersStep"}
        assert step.find("c:config", NAMES).get(f"{{{XSI}}}type") == kinds[step.get("type")]
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_all_methods_are_in_each_interface_and_test_case() -> None:
    names = {method.name for method in methods()}
    opened = Project()
    for case in opened.cases:
        assert set(case.xpath(".//c:operation/text()", namespaces=NAMES)) == names
        interface = opened.interface(case.get("name"))
        assert set(interface.xpath("c:operation/@name", namespaces=NAMES)) == names
        wsdl = opened.wsdl(interface)
        assert interface.get("bindingName") in {
            f"{{{wsdl.get('targetNamespace')}}}{binding.get('name')}"
            for binding in wsdl.iterfind("w:binding", NAMES)
        }


@pytest.mark.parametrize("dialect", ["document/literal", "rpc/encoded"])
def test_a_test_case(dialect: str, project: Project, demo_server: Server) -> None:
    (case,) = [case for case in project.cases if case.get("name") == dialect]
    run = Run(project, case, demo_server)
    assert [failure for failures in run.steps.values() for failure in failures] == []
    assert list(run.steps) == case.xpath("c:testStep/@name", namespaces=NAMES)
    assert project.properties["apiKey"]


@pytest.mark.parametrize("dialect", ["document/literal", "rpc/encoded"])
def test_the_single_requests_after_a_test_case(
    dialect: str, project: Project, demo_server: Server
) -> None:
    """Each has its properties, and is answered without a fault."""
    (case,) = [case for case in project.cases if case.get("name") == dialect]
    run = Run(project, case, demo_server)
    calls = project.interface(dialect).xpath("c:operation/c:call/c:request", namespaces=NAMES)
    assert len(calls) == len(list(methods()))
    for call in calls:
        headers = {"Content-Type": "text/xml;charset=UTF-8"}
        body = run._expand(call.text).encode()
        assert request(demo_server, "POST", "/core/soap.php", body, headers).status == 200


@pytest.mark.parametrize("dialect", ["document/literal", "rpc/encoded"])
def test_a_failure_ends_a_test_case(dialect: str, project: Project, demo_server: Server) -> None:
    (case,) = [case for case in project.cases if case.get("name") == dialect]
    project.properties["projectId"] = "999999"
    run = Run(project, case, demo_server)
    name, failures = list(run.steps.items())[-1]
    assert name == "getTasks"
    assert [failure.partition(":")[0] for failure in failures] == ["Success"]
