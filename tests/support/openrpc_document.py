"""Checks of calls and responses against an OpenRPC document, by jsonschema."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft7Validator

from kimai_remote.protocols.openrpc import openrpc


class OpenRpcDocument:
    """A document, with which responses of its server are compared.

    It is read more strictly than it is meant: a member that it doesn't name is an error.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.methods = {method["name"]: method for method in document["methods"]}
        self._components = _closed(document["components"])
        self._results = {
            name: self._validator(method["result"]["schema"])
            for name, method in self.methods.items()
        }
        self._params = {
            name: {each["name"]: self._validator(each["schema"]) for each in method["params"]}
            for name, method in self.methods.items()
        }

    def result_errors(self, method: str, result: Any) -> list[str]:
        """Return what is wrong with the result of a method."""
        return _messages(self._results[method], result)

    def response_errors(self, method: str, response: dict[str, Any]) -> list[str]:
        """Return what is wrong with a response, which may be an error."""
        if "error" not in response:
            return self.result_errors(method, response["result"])
        code = response["error"]["code"]
        declared = {error["code"]: error["message"] for error in self.errors_of(method)}
        if code not in declared:
            return [f"{method} declares no error {code}"]
        message = response["error"]["message"]
        return [] if message.startswith(declared[code]) else [f"{code} has the message {message}"]

    def params_errors(self, method: str, params: dict[str, Any]) -> list[str]:
        """Return what is wrong with parameters by name."""
        validators = self._params[method]
        required = {each["name"] for each in self.methods[method]["params"] if each["required"]}
        wrong = [f"{name} is missing" for name in required - params.keys()]
        for name, value in params.items():
            if name in validators:
                wrong += _messages(validators[name], value)
            else:
                wrong.append(f"{name} is no parameter")
        return wrong

    def errors_of(self, method: str) -> list[dict[str, Any]]:
        """Return the errors that a method declares."""
        names = [each["$ref"].rpartition("/")[2] for each in self.methods[method]["errors"]]
        return [self.document["components"]["errors"][name] for name in names]

    def _validator(self, schema: dict[str, Any]) -> Draft7Validator:
        # Draft 7 ignores what stands beside a reference.
        return Draft7Validator({"allOf": [schema], "components": self._components})


def _messages(validator: Draft7Validator, value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def _closed(schema: Any) -> Any:
    """Return schemas whose objects have no other members than those they name."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(inner) for name, inner in schema.items()}
    if closed.get("type") == "object":
        closed["additionalProperties"] = False
    return closed


#: By whether numbers and booleans are true ones.
DOCUMENTS = {
    native: OpenRpcDocument(openrpc("http://kimai.test/core/json.php", native=native))
    for native in (False, True)
}
