"""What people see who open an address in a browser."""

from __future__ import annotations

import html

_STYLE = (
    "<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;"
    "margin:3rem auto;padding:0 1rem}code{overflow-wrap:anywhere}</style>"
)


def soap(url: str, console: str | None) -> bytes:
    """The page at the SOAP endpoint.

    :param console: where the console is, as seen from this page.
    """
    url = html.escape(url)
    link = "" if console is None else (
        f'<p>The <a href="{html.escape(console)}">console</a> calls every method by a form, and '
        "tracks time.</p>"
    )  # fmt: skip
    return _page(
        "Kimai Remote API: SOAP",
        "<main><h1>Kimai Remote API: SOAP</h1><p>This address takes SOAP 1.1 requests by POST. "
        f'The contract is <a href="{url}?wsdl"><code>{url}?wsdl</code></a>.</p>{link}</main>',
    )


def _page(title: str, body: str) -> bytes:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>{_STYLE}</head>'
        f"<body>{body}</body></html>\n"
    ).encode()
