"""SOAP as an endpoint: both styles and their contracts under one URL."""

from __future__ import annotations

from ..api.execution import RequestContext, Service
from ..errors import RequestError, UnknownContract, UnsupportedMediaType
from . import soap_document, soap_envelope, soap_rpc, wsdl
from .dispatcher import Description, Dispatcher, ProtocolRequest, ProtocolResponse

CONTENT_TYPE = "text/xml; charset=utf-8"


class SoapEndpoint:
    """Responds in the style of the request."""

    path = "/core/soap.php"
    cross_origin = False

    def __init__(self, service: Service) -> None:
        self._service = service
        self._document = Dispatcher(service, soap_document.DocumentLiteral, "soap")
        self._rpc = Dispatcher(service, soap_rpc.RpcEncoded, "soap-rpc")
        self._contracts = {
            "document": wsdl.document_literal(self._document.app),
            "rpc": wsdl.rpc_encoded(booleans=service.settings.legacy_stop_boolean),
        }

    def describe(self, request: ProtocolRequest) -> Description | None:
        """Return the WSDL for ``?wsdl``; ``&style=`` chooses the style.

        :raises Unavailable: the style depends on the database, which could not be read yet.
        """
        query = {name.lower(): value for name, value in request.query.items()}
        if "wsdl" not in query:
            return None
        style = query["style"] if "style" in query else self._plain_style()
        contract = self._contracts.get(style.lower())
        if contract is None:
            raise UnknownContract("The styles are document and rpc.")
        return Description("text/xml", lambda: contract.at(request.url))

    def _plain_style(self) -> str:
        database = self._service.database
        return self._service.settings.plain_wsdl_style(lambda: database.origin().is_adopted)

    def respond(self, request: ProtocolRequest) -> ProtocolResponse:
        """Run the call in an envelope."""
        try:
            message = soap_envelope.read(request.body, request.content_type)
        except UnsupportedMediaType:
            raise
        except RequestError as error:
            context = RequestContext(self._service, request.info)
            response, is_fault = self._document.run(None, context, error)
        else:
            dispatcher = self._rpc if soap_rpc.is_encoded(message) else self._document
            context = soap_rpc.SoapContext(self._service, request.info, request.find_url)
            response, is_fault = dispatcher.run(message, context)
        # SOAP 1.1 over HTTP: a fault is always a 500.
        return ProtocolResponse(500 if is_fault else 200, CONTENT_TYPE, response)
