"""What people see who open an address in a browser."""

from __future__ import annotations

import html

_STYLE = (
    "<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;"
    "margin:3rem auto;padding:0 1rem}code{overflow-wrap:anywhere}</style>"
)


def start(base: str) -> bytes:
    """The page at the root; ``base`` is the address of the endpoints up to the last slash."""
    base = html.escape(base)
    return _page(
        "kimai-remote",
        "<main><h1>kimai-remote</h1><p>The Kimai 1 Remote API is served here.</p><dl>"
        f'<dt>SOAP</dt><dd><a href="{base}soap.php?wsdl"><code>{base}soap.php?wsdl</code></a>'
        f'<br>as Kimai 1 had it: <a href="{base}soap.php?wsdl&amp;style=rpc"><code>…&amp;style=rpc'
        "</code></a></dd>"
        f'<dt>JSON-RPC</dt><dd><a href="{base}json.php"><code>{base}json.php</code></a>'
        f'<br>OpenRPC: <a href="{base}json.php?openrpc"><code>…?openrpc</code></a></dd>'
        "</dl></main>",
    )


def soap(url: str) -> bytes:
    """The page at the SOAP endpoint."""
    url = html.escape(url)
    return _page(
        "Kimai Remote API: SOAP",
        "<main><h1>Kimai Remote API: SOAP</h1><p>This address takes SOAP 1.1 requests by POST. "
        f'The contract is <a href="{url}?wsdl"><code>{url}?wsdl</code></a>.</p></main>',
    )


def _page(title: str, body: str) -> bytes:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>{_STYLE}</head>'
        f"<body>{body}</body></html>\n"
    ).encode()
