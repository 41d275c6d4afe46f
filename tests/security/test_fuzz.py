"""Random requests: ``--fuzz N`` of them per protocol. Hypothesis makes some; the others are copies
of these with a few bytes changed, which costs a fraction.

Whatever comes in, no exception escapes, an answer is of the protocol's form, and a call that is
refused leaves everything stored as it was. Memory stays bounded, however many requests there are.
"""

from __future__ import annotations

import json
import logging
import os
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import corpus
import pytest
from accounts import key_of
from hypothesis import (
    HealthCheck,
    Phase,
    currently_in_test_context,
    given,
    note,
    seed,
    settings,
)
from hypothesis import strategies as st
from lxml import etree
from spyne.model.complex import ComplexModelBase
from sqlalchemy import event
from werkzeug.test import Client, create_environ, run_wsgi_app

from kimai_remote.api.service import RemoteApi
from kimai_remote.app import create_app
from support.memory import resident
from support.world import PASSWORD, Template, World

pytestmark = pytest.mark.one_database

METHODS = {
    name: dict(descriptor.in_message.get_flat_type_info(descriptor.in_message).items())
    for name, descriptor in RemoteApi.public_methods.items()
}
#: The same requests can be had again with KIMAI_REMOTE_TEST_SEED.
SEED = int(os.environ.get("KIMAI_REMOTE_TEST_SEED") or int.from_bytes(os.urandom(4), "big"))
#: Copies of each request that Hypothesis makes, with a few bytes changed.
COPIES = 9
#: Requests of Hypothesis after which it forgets them, and the test data is restored.
BLOCK = 500
#: Bytes by which memory may grow after the first blocks, however many follow.
GROWTH = 64 * 2**20
#: What a changed copy has in place of a few of its bytes.
PIECES = [
    *(piece.encode() for piece in ("", "\0", "<", ">", "&", "&#0;", "]]>", "<!--", "<![CDATA[")),
    *(piece.encode() for piece in ('"', "\\", "\\ud800", "{", "}", "[", "]", ",", ":", "null")),
    *(piece.encode() for piece in ("-", "0", "9" * 400, "1e999", "'", ";", "%s", "\r\n", "\u2028")),
    *[b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xfe\xff", b"\x1b"],
]
#: Placeholders for values that only a running test knows.
KEY, ENTRY = "<key>", "<entry>"
#: Statements that change nothing begin so.
READING = ("SELECT", "SAVEPOINT", "RELEASE", "BEGIN", "PRAGMA main.foreign_key_list(")

words = st.sampled_from([*corpus.INJECTIONS, *corpus.naughty()[:200]])
texts = st.one_of(words, st.text(max_size=40), st.sampled_from(["", "0", "1", "-1", "false", KEY]))
numbers = st.one_of(
    st.integers(),
    st.integers(-2, 20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([2**31, -(2**31) - 1, 2**63, 10**30, 1e308, ENTRY]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


def records(spyne_type: Any) -> st.SearchStrategy[Any]:
    names = [*spyne_type.get_flat_type_info(spyne_type), "unknown"]
    return st.dictionaries(st.sampled_from(names), scalars | values, max_size=8) | values


def params(method: str) -> st.SearchStrategy[Any]:
    """Generate positional or named parameters: almost valid ones, or any."""
    parts = [
        st.just(KEY)
        if name == "apiKey"
        else records(spyne_type)
        if issubclass(spyne_type, ComplexModelBase)
        else scalars | values
        for name, spyne_type in METHODS[method].items()
    ]
    named = dict(zip(METHODS[method], parts, strict=True))
    return st.one_of(st.tuples(*parts).map(list), st.fixed_dictionaries({}, optional=named), values)


def one_opaque(strategies: Iterable[st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """One of them. Not by ``one_of``: inside another, each would weigh as much as the others."""
    return st.sampled_from(list(strategies)).flatmap(lambda strategy: strategy)


# Made once, not for each request: making these takes longer than drawing from them.
calls = one_opaque(
    st.fixed_dictionaries(
        {"method": st.just(method)},
        optional={
            "params": params(method),
            "id": scalars | values,
            "jsonrpc": st.sampled_from(["2.0", "1.0", 2, None]),
        },
    )
    for method in METHODS
)
documents = st.one_of(calls, st.lists(calls | values, max_size=4), values)


@st.composite
def damaged(draw: Any, whole: st.SearchStrategy[bytes]) -> bytes:
    """A request as it is, or with a few bytes changed, cut out or put in."""
    body = bytearray(draw(whole))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2, 5]))):
        index = draw(st.integers(0, len(body)))
        body[index : index + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(body)


#: Each makes the changes of the copies of one request.
seeds = st.integers(0, 2**32)


def copies(body: bytes, seed_: int) -> Iterator[bytes]:
    """Yield a request as it is, and its copies with changes."""
    yield body
    choose = random.Random(seed_)  # noqa: S311
    for _ in range(COPIES):
        copy = bytearray(body)
        for _ in range(choose.choice((1, 1, 2, 3, 8))):
            begin = choose.randrange(len(copy) + 1)
            end = begin + choose.choice((0, 1, 1, 2, 5, 30))
            change = choose.randrange(4)
            if change == 0 and copy:
                copy[begin % len(copy)] ^= 1 << choose.randrange(8)
            elif change == 1:
                copy[begin:end] = choose.choice(PIECES)
            elif change == 2:  # a part of it twice, or in another place
                other = choose.randrange(len(copy) + 1)
                copy[begin:begin] = copy[other : other + end - begin + 20]
            else:
                del copy[begin:end]
        yield bytes(copy)


names = st.sampled_from(["a", "item", "key", "value", "u:record", "record", "e:Body", "u:apiKey"])
attributes = st.sampled_from(
    [
        "",
        ' href="#x"',
        ' id="x"',
        ' xsi:nil="true"',
        ' xsi:nil="false"',
        ' xsi:nil="2"',
        ' xsi:type="ns2:Map"',
        ' xsi:type="xsd:int"',
        ' xsi:type="a:b:c"',
        ' xsi:type="Array"',
        f' e:encodingStyle="{corpus.SOAP}"',
        ' e:mustUnderstand="1"',
        ' xmlns=""',
        ' xmlns="u"',
    ]
)
contents = st.recursive(
    scalars.map(lambda value: corpus.text("" if value is None else str(value))),
    lambda inner: st.builds(
        lambda name, attribute, parts: f"<{name}{attribute}>{''.join(parts)}</{name}>",
        names,
        attributes,
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


def operations(method: str) -> st.SearchStrategy[str]:
    """A call in either dialect."""
    parameters = METHODS[method]

    def build(prefix: str, attribute: str, given: dict[str, str], more: str) -> str:
        inner = "".join(
            f"<{prefix}{name}>{KEY if name == 'apiKey' else given[name]}</{prefix}{name}>"
            for name in parameters
            if name in given
        )
        return f"<u:{method}{attribute}>{inner}{more}</u:{method}>"

    fields = {
        name: records(spyne_type).map(as_fields)
        if issubclass(spyne_type, ComplexModelBase)
        else contents
        for name, spyne_type in parameters.items()
    }
    return st.builds(
        build,
        st.sampled_from(["u:", "u:", ""]),
        attributes,
        st.fixed_dictionaries({}, optional=fields),
        st.just("") | contents,
    )


def as_fields(record: Any) -> str:
    if not isinstance(record, dict):
        return corpus.text(str(record))
    return "".join(
        f"<u:{name}>{corpus.text(str(value))}</u:{name}>"
        for name, value in record.items()
        if re.fullmatch(r"\w+", name, re.ASCII)
    )


envelopes = st.builds(
    lambda body, version: (
        corpus.envelope(body)
        .replace(
            b"<e:Envelope ", b'<e:Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        )
        .replace(corpus.SOAP.encode(), version.encode())
    ),
    one_opaque(map(operations, METHODS)),
    st.sampled_from([corpus.SOAP, corpus.SOAP_12]),
)
media_types = st.sampled_from(
    [
        "text/xml",
        "text/xml; charset=utf-8",
        "text/xml; charset=utf-16",
        "application/xml",
        "",
        "application/soap+xml",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "text/xml; charset=x",
        "multipart/related",
        "\x01",
    ]
)


class Target:
    """The application with the test data, and checks of the database."""

    def __init__(self, world: World, template: Template) -> None:
        self.world = world
        self._template = template
        self.reset()
        self.key = key_of(world, "alice").encode()
        self.application = create_app(world.service)
        self.client = Client(self.application)
        event.listen(world.database.engine, "before_cursor_execute", self._saw)
        self.requests = 0

    def reset(self) -> None:
        """Restore the test data."""
        self._template.restore(self.world.database)
        self.world.ids["entry"] = self.world.add_entry("alice")
        self.world.add_entry("alice", end=0)
        self.world.add_expense("alice")
        self.changed = False

    def close(self) -> None:
        event.remove(self.world.database.engine, "before_cursor_execute", self._saw)

    def _saw(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(READING):
            self.changed = True

    def post(self, path: str, body: bytes, content_type: str) -> Any:
        self.requests += 1
        entry = str(self.world.ids["entry"]).encode()
        body = body.replace(KEY.encode(), self.key).replace(b"&lt;key&gt;", self.key)
        body = body.replace(f'"{ENTRY}"'.encode(), entry).replace(b"&lt;entry&gt;", entry)
        if currently_in_test_context():
            note(f"{path} {content_type!r} {body!r}")
        self.changed = False
        return self.client.post(path, data=body, content_type=content_type)


@pytest.fixture
def fuzzed(full_world: World, full_world_template: Template) -> Iterator[Target]:
    full_world.settings = type(full_world.settings)(login_rate=0)
    fuzzed = Target(full_world, full_world_template)
    defects: list[logging.LogRecord] = []

    class Defects(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info:
                defects.append(record)

    # pytest would keep the log lines of all requests.
    logger, handler = logging.getLogger("kimai_remote"), Defects()
    logger.addHandler(handler)
    logger.propagate = False
    yield fuzzed
    logger.propagate = True
    logger.removeHandler(handler)
    fuzzed.close()
    assert not defects


def run(
    request: pytest.FixtureRequest,
    strategy: Any,
    examine: Callable[[Any], None],
    fuzzed: Target,
    share: int = 1 + COPIES,
) -> None:
    """Run the number of examples of ``--fuzz`` divided by ``share``."""
    left, block = max(1, request.config.getoption("fuzz") // share), 0
    before, started, warm = fuzzed.requests, time.monotonic(), 0
    while left > 0:
        fuzzed.reset()
        # Shown where the test fails. With it, the same requests come in the first block.
        print(f"seed: KIMAI_REMOTE_TEST_SEED={SEED + block}")

        @seed(SEED + block)
        @settings(
            max_examples=min(left, BLOCK),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        )
        @given(strategy)
        def fuzz(value: Any) -> None:
            examine(value)

        fuzz()
        left, block = left - BLOCK, block + 1
        number, seconds = fuzzed.requests - before, time.monotonic() - started
        used = resident(os.getpid())
        print(
            f"{number:,} requests, {number / seconds:.0f} a second, {used / 2**20:.0f} MiB",
            flush=True,
        )
        if block <= 4:
            warm = used
        assert used < warm + GROWTH


def is_response(answer: Any) -> bool:
    """Whether it is a response of JSON-RPC, and no internal error."""
    if "result" in answer:
        return set(answer) <= {"result", "id", "jsonrpc"}
    error = answer["error"]
    return error["code"] in (-32700, -32600, -32601, -32602) and set(error) == {
        "code",
        "message",
        "data",
    }


def test_json(fuzzed: Target, request: pytest.FixtureRequest) -> None:
    def examine(given: tuple[bytes, int]) -> None:
        for body in copies(*given):
            examine_one(body)

    def examine_one(body: bytes) -> None:
        before = fuzzed.world.snapshot() if fuzzed.requests % 50 == 0 else None
        response = fuzzed.post("/core/json.php", body, "application/json")
        content = response.get_data()
        assert response.status_code == (200 if content else 204)
        assert response.headers["X-Request-Id"]
        if not content:
            return  # a notification
        answer = json.loads(content)
        for single in answer if isinstance(answer, list) else [answer]:
            assert is_response(single), answer
        if isinstance(answer, dict) and "error" in answer:
            assert not fuzzed.changed
            assert before is None or fuzzed.world.snapshot() == before
        elif isinstance(answer, dict) and is_refusal(answer["result"]):
            assert fuzzed.changed is False or b"authenticate" in body

    encoded = documents.map(lambda document: json.dumps(document).encode())
    bodies = st.one_of(damaged(encoded), damaged(encoded), st.binary(max_size=60))
    run(request, st.tuples(bodies, seeds), examine, fuzzed)
    assert fuzzed.client.post("/core/json.php", data=corpus.call("getVersion")).status_code == 200


def is_refusal(result: Any) -> bool:
    return isinstance(result, dict) and result.get("success") is False


def test_soap(fuzzed: Target, request: pytest.FixtureRequest) -> None:
    def examine(given: tuple[bytes, int, str]) -> None:
        body, seed_, content_type = given
        for copy in copies(body, seed_):
            examine_one(copy, content_type)

    def examine_one(body: bytes, content_type: str) -> None:
        response = fuzzed.post("/core/soap.php", body, content_type)
        content = response.get_data()
        if response.status_code == 415:
            assert response.mimetype == "text/plain"
            return
        assert response.status_code in (200, 500)
        root = etree.fromstring(content)
        version = etree.QName(root).namespace
        types = {corpus.SOAP: "text/xml", corpus.SOAP_12: "application/soap+xml"}
        assert response.mimetype == types[version]
        (answer,) = root.iter(f"{{{version}}}Body")
        if response.status_code == 500:
            code = answer.findtext(".//faultcode") or answer.findtext(".//{*}Code/{*}Value")
            code = code.partition(":")[2]
            assert code in ("Client", "Sender", "VersionMismatch", "MustUnderstand"), content
            assert not fuzzed.changed
        elif b"Unknown user or no permissions." in content:
            assert not fuzzed.changed or b"authenticate" in body

    run(request, st.tuples(damaged(envelopes), seeds, media_types), examine, fuzzed)
    good = corpus.envelope(corpus.element("getVersion"))
    assert fuzzed.client.post("/core/soap.php", data=good).status_code == 200


@pytest.mark.parametrize("path", ["/", "/core/json.php", "/core/soap.php"])
def test_the_rest_of_http(fuzzed: Target, request: pytest.FixtureRequest, path: str) -> None:
    header_names = [
        "Host",
        "X-Forwarded-Host",
        "X-Request-Id",
        "Content-Type",
        "Accept",
        "If-None-Match",
        "Expect",
        "Content-Length",
        "Range",
        "Origin",
    ]
    legal = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
    headers = st.dictionaries(st.sampled_from(header_names), legal, max_size=4)

    def examine(given: tuple[str, str, str, dict[str, str]]) -> None:
        method, folder, query, sent = given
        environ = create_environ("/", "http://kimai.test", method=method)
        environ |= {"PATH_INFO": folder + path, "QUERY_STRING": query}
        for name, value in sent.items():
            key = name.upper().replace("-", "_")
            environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
        note(f"{environ}")
        fuzzed.requests += 1
        content, status, _ = run_wsgi_app(fuzzed.application, environ)
        # A body that isn't there is no SOAP request: a fault.
        assert int(status[:3]) < 500 or b"faultcode>soap11env:Client<" in b"".join(content)
        assert not fuzzed.changed

    folders = st.sampled_from(["", "/a", "/a/b", "/..", "//", "/%", "/\xff", "/\x00", "/\r\n"])
    queries = st.one_of(
        st.text(max_size=20), st.sampled_from(["wsdl", "wsdl&style=rpc", "openrpc"])
    )
    methods = st.sampled_from(["GET", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE"])
    strategy = st.tuples(methods, folders, queries.map(latin), headers)
    run(request, strategy, examine, fuzzed, share=50)


def latin(text: str) -> str:
    """As a WSGI environment holds it."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def test_the_fuzzers_reach_the_work(fuzzed: Target) -> None:
    """Unchanged, the requests that the strategies modify are valid."""
    login = corpus.call("authenticate", "alice", PASSWORD)
    assert b'"success":true' in fuzzed.post("/core/json.php", login, "").get_data()
    change = corpus.call("setTimesheetRecord", KEY, {"id": ENTRY, "comment": "b"}, True)
    assert b'"success":true' in fuzzed.post("/core/json.php", change, "").get_data()
    assert fuzzed.changed
    users = corpus.envelope(corpus.element("getUsers", apiKey=KEY))
    answer = fuzzed.post("/core/soap.php", users, "text/xml").get_data()
    assert b">alice<" in answer
    assert not fuzzed.changed
