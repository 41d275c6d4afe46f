"""``kimai-remote customer``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ...tracking.admin import accounts, editing
from ...tracking.admin.entities import CUSTOMER
from ...tracking.validation import without_none
from ..context import open_admin
from ..examples import examples
from . import resource as commands
from .parameters import Groups, Json, NewName, Renamed, SameName, Shown, with_options

app = typer.Typer(help="Customers.", no_args_is_help=True)

Customer = Annotated[str, typer.Argument(help="The customer, by number or name.")]


class Fields(Shown, total=False):
    """What is known of a customer besides its name."""

    company: Annotated[str | None, typer.Option("--company", help="Company.")]
    vat: Annotated[str | None, typer.Option("--vat", help="VAT number.")]
    contact: Annotated[str | None, typer.Option("--contact", help="Who to talk to.")]
    street: Annotated[str | None, typer.Option("--street", help="Street and number.")]
    zipcode: Annotated[str | None, typer.Option("--zipcode", help="Postal code.")]
    city: Annotated[str | None, typer.Option("--city", help="City.")]
    country: Annotated[
        str | None, typer.Option("--country", metavar="XX", help="Country, as two letters.")
    ]
    phone: Annotated[str | None, typer.Option("--phone", help="Telephone number.")]
    fax: Annotated[str | None, typer.Option("--fax", help="Fax number.")]
    mobile: Annotated[str | None, typer.Option("--mobile", help="Mobile number.")]
    mail: Annotated[str | None, typer.Option("--mail", help="Mail address.")]
    homepage: Annotated[str | None, typer.Option("--homepage", help="Address of its web site.")]
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", metavar="ZONE", help="Time zone; the server's by default."),
    ]


class Changes(Renamed, Fields, total=False):
    """What can be changed of a customer."""


commands.add_list(
    app,
    CUSTOMER,
    {
        "customerID": "No.",
        "name": "Name",
        "contact": "Contact",
        "city": "City",
        "visible": "Visible",
        "groups": "Groups",
    },
)


@app.command(
    epilog=examples(
        'kimai-remote customer add "Blue Harbour" --contact "Tom Reilly" --country IE',
        'kimai-remote customer add "Our own company" --group Design --group Development',
    )
)
@with_options(Fields)
def add(
    name: NewName,
    groups: Groups = None,
    same_name: SameName = False,
    as_json: Json = False,
    **fields: Any,
) -> None:
    """Add a customer. It can log in once it has a password, see 'password set --customer'."""

    values = {"name": name, **without_none(**fields)}
    with open_admin() as admin:
        record = commands.change_in(
            admin,
            CUSTOMER,
            "add",
            "is added",
            lambda session: accounts.add_customer(
                session,
                values,
                usual_timezone=admin.settings.timezone,
                groups=groups or (),
                same_name=same_name,
            ),
            as_json,
            list(values),
        )
    commands.hint_at_groups(CUSTOMER, record)


@app.command(
    epilog=examples('kimai-remote customer edit "Blue Harbour" --phone "+353 1 555" --hidden')
)
@with_options(Changes)
def edit(
    customer: Customer,
    same_name: SameName = False,
    as_json: Json = False,
    **fields: Any,
) -> None:
    """Change a customer: what is given, and nothing else."""
    values = without_none(**fields)
    commands.change(
        CUSTOMER,
        "edit",
        "is changed",
        lambda session: editing.edit(session, CUSTOMER, customer, values, same_name=same_name),
        as_json,
        list(values),
    )


commands.add_common(app, CUSTOMER, '"Blue Harbour"')
commands.add_unban(app, CUSTOMER, '"Blue Harbour"')
commands.add_assignment(app, CUSTOMER, '"Blue Harbour"')
