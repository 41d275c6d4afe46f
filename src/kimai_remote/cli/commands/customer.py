"""``kimai-remote customer``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from ...storage import models as m
from ...tracking.admin import accounts, entities
from ..admin_context import AdminContext
from ..parameters import option
from ..resource import SELECTABLE, Resource


class Customers(Resource):
    """Customers, who can log in to see their projects."""

    entity_type = entities.CUSTOMER
    help = "Customers."
    example = '"Blue Harbour"'
    can_log_in = True
    columns = ("customerID", "name", "contact", "city", "visible", "groups")
    labels = {
        "customerID": "ID",
        "name": "Name",
        "comment": "Comment",
        "company": "Company",
        "vat": "VAT ID",
        "contact": "Contact",
        "street": "Street",
        "zipcode": "Postal code",
        "city": "City",
        "country": "Country",
        "phone": "Phone",
        "fax": "Fax",
        "mobile": "Mobile phone",
        "mail": "Email",
        "homepage": "Website",
        "timezone": "Time zone",
        "visible": "Visible",
        "hasPassword": "Password",
        "bannedUntil": "Banned until",
        "trash": "In the trash",
        "groups": "Groups",
        "projects": "Projects",
    }
    fields = (
        *SELECTABLE,
        option("--company", help="Company."),
        option("--vat", help="VAT ID."),
        option("--contact", help="Contact person."),
        option("--street", help="Street and house number."),
        option("--zipcode", help="Postal code."),
        option("--city", help="City."),
        option("--country", metavar="XX", help="Country, as a two-letter code."),
        option("--phone", help="Phone number."),
        option("--fax", help="Fax number."),
        option("--mobile", help="Mobile phone number."),
        option("--mail", help="Email address."),
        option("--homepage", help="URL of the website."),
        option("--timezone", metavar="ZONE", help="Time zone; the server's by default."),
    )
    helps = {
        "add": "Add a customer. It can log in once it has a password: 'password set --customer'."
    }
    examples = {
        "add": (
            '"Blue Harbour" --contact "Tom Reilly" --country IE',
            '"Our own company" --group Design --group Development',
        ),
        "edit": ('"Blue Harbour" --phone "+353 1 555" --hidden',),
    }

    def create(
        self,
        admin: AdminContext,
        session: Session,
        fields: Mapping[str, Any],
        *,
        group: Sequence[str] = (),
        **options: Any,
    ) -> m.Customer:
        return accounts.add_customer(
            session, fields, default_timezone=admin.settings.timezone, groups=group, **options
        )


group = Customers().group()
