"""Callers in the tests of this folder, and their keys."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select

from kimai_remote.storage import models as m
from support.world import PASSWORD_HASH, World, remote_key

DENIED = "Unknown user or no permissions."
REFUSED = {"success": False, "error": {"msg": DENIED}}
WRONG_KEY = "2x5v7wq3rkt6yb4nmzj8hdgc9sfpae"
#: The users that the matrix needs besides those of the test data, with group and role.
ADDED_USERS = {
    "carl": ("blue", 2),
    "gina": ("blue", 1),
    "bert": ("blue", 2),
    "olga": ("red", 2),
    "vera": ("blue", 2),
}


def populate(world: World) -> None:
    """Add carl, bert (banned) and vera (who sees all users) as plain users and gina as admin to
    group blue, olga to red; give the customer acme a password and a key."""
    roles = m.GlobalRole.__table__
    (plain,) = world.execute(select(roles).where(roles.c.globalRoleID == 2))
    watching = {"globalRoleID": None, "name": "Watcher", "core-user-otherGroup-view": 1}
    watcher = world.add(m.GlobalRole(**{**plain._mapping, **watching}))
    users = {
        name: m.User(name=name, alias=name, globalRoleID=2, password=PASSWORD_HASH)
        for name in ADDED_USERS
    }
    users["vera"].globalRoleID = watcher.globalRoleID
    users["bert"].ban, users["bert"].banTime = 3, world.now
    world.add(*users.values())
    world.ids.update((name, user.userID) for name, user in users.items())
    world.add(
        *(
            m.GroupUser(groupID=world.ids[group], userID=world.ids[name], membershipRoleID=role)
            for name, (group, role) in ADDED_USERS.items()
        ),
        *(remote_key("user", world.ids[name]) for name in ADDED_USERS),
        remote_key("customer", world.acme),
    )
    world.change(m.Customer, world.acme, password=PASSWORD_HASH)


def key_of(world: World, who: str) -> str:
    """Return the key that a caller of the matrix sends."""
    if who == "nokey":
        return ""
    if who == "wrong":
        return WRONG_KEY
    owner_type = "customer" if who == "acme" else "user"
    return world.service.keys.derive(owner_type, world.ids[who], 0)


def kimai_hash(password: str) -> str:
    """Return a password as Kimai 1 stores it, with the salt of the test data."""
    return hashlib.md5(f"kimai salt{password}kimai salt".encode()).hexdigest()  # noqa: S324


def password_changed(world: World, name: str, stored: str | None, model: Any = m.User) -> None:
    """Replace the stored password of a user or customer."""
    world.change(model, world.ids[name], password=stored)
