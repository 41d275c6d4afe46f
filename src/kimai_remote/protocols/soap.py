"""SOAP as an endpoint: both styles, both versions and their contracts under one URL."""

from __future__ import annotations

from ..api.execution import Service
from ..errors import MustUnderstand, RequestError, UnknownContract, UnsupportedMediaType
from . import soap_document, soap_envelope, soap_rpc, wsdl
from .dispatcher import Description, Dispatcher, ProtocolRequest, ProtocolResponse
from .soap_version import SOAP_12, SoapContext


class SoapEndpoint:
    """Responds in the style and version of the request."""

    path = "/core/soap.php"
    cross_origin = False

    def __init__(self, service: Service) -> None:
        self._service = service
        self._document = Dispatcher(service, soap_document.DocumentLiteral, "soap")
        self._rpc = Dispatcher(service, soap_rpc.RpcEncoded, "soap-rpc")
        self._contracts = {
            ("document", "1.1"): wsdl.document_literal(self._document.app),
            ("document", "1.2"): wsdl.document_literal(self._document.app, SOAP_12),
            ("rpc", "1.1"): wsdl.rpc_encoded(booleans=service.settings.legacy_stop_boolean),
        }

    def describe(self, request: ProtocolRequest) -> Description | None:
        """Return the WSDL for ``?wsdl``; ``&style=`` chooses the style, ``&soap=`` the version of
        SOAP.

        :raises Unavailable: the style depends on the database, which could not be read yet.
        """
        query = {name.lower(): value for name, value in request.query.items()}
        if "wsdl" not in query:
            return None
        version = query.get("soap", "1.1")
        if "style" in query:
            style = query["style"]
        else:
            style = "document" if version == "1.2" else self._plain_style()
        contract = self._contracts.get((style.lower(), version))
        if contract is None:
            raise UnknownContract(
                "There are contracts with style=document (soap=1.1 or soap=1.2) and with "
                "style=rpc, whose clients may speak either version."
            )
        return Description("text/xml", lambda: contract.at(request.url))

    def _plain_style(self) -> str:
        database = self._service.database
        return self._service.settings.plain_wsdl_style(lambda: database.origin().is_adopted)

    def respond(self, request: ProtocolRequest) -> ProtocolResponse:
        """Run the call in an envelope."""
        context = SoapContext(self._service, request.info, request.find_url)
        try:
            # What is no envelope is refused in the version of its Content-Type.
            context.version = soap_envelope.version_of_type(request.content_type)
            envelope = soap_envelope.parse(request.body, request.content_type)
            context.version = soap_envelope.version_of(envelope)
            message = soap_envelope.read(envelope, context.version)
        except UnsupportedMediaType:
            raise
        except RequestError as error:
            if isinstance(error, MustUnderstand):
                context.not_understood = error.headers
            response, is_fault = self._document.run(None, context, error)
        else:
            dispatcher = self._rpc if soap_rpc.is_encoded(message) else self._document
            response, is_fault = dispatcher.run(message, context)
        # A fault is always a 500: SOAP 1.1 wants it, and PHP does it in SOAP 1.2 too.
        content_type = f"{context.version.content_type}; charset=utf-8"
        return ProtocolResponse(500 if is_fault else 200, content_type, response)
