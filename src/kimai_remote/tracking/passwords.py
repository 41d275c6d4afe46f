"""Hashing and checking passwords, in the form of this service and in that of Kimai 1."""

from __future__ import annotations

import hashlib
import hmac

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError

#: Bytes of a password in UTF-8. Hashing more would take a time that tells which accounts have an
#: MD5 hash.
MAX_BYTES = 4096


def kimai_hash(password: str, salt: str) -> str:
    """Return what Kimai 1's PHP stores for a password.

    :param salt: ``$password_salt`` of its autoconf.php.
    """
    return hashlib.md5(f"{salt}{password}{salt}".encode(), usedforsecurity=False).hexdigest()


class PasswordHasher:
    """Hashes passwords with Argon2id; checks those of Kimai 1 (MD5) too.

    :param salt: Kimai 1's ``$password_salt``.
    """

    def __init__(self, salt: str = "") -> None:
        self._salt = salt
        # OWASP's parameters: about 20 ms and 19 MiB a check, so that logins can run in parallel.
        self._argon2 = Argon2(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        #: Checked where there is no Argon2id hash, so that the time a check takes tells nothing.
        self._dummy = self._argon2.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Return the Argon2id hash to store for a password."""
        return self._argon2.hash(password)

    def matches(self, password: str, stored: str | None) -> bool:
        """Return whether a password is the one stored, be it as Argon2id or as Kimai 1's MD5.

        Takes the time of an Argon2id check whatever is stored, even where there is no such user
        (``stored`` is None). A password longer than :data:`MAX_BYTES` matches none.
        """
        if len(password.encode("utf-8", "surrogatepass")) > MAX_BYTES:
            password, stored = "", None
        if stored is None or self.needs_rehash(stored):
            self._verify(password, self._dummy)  # what is stored takes less time, or none
        if stored is None:
            return False
        if stored.startswith("$argon2"):
            return self._verify(password, stored)
        legacy_hash = kimai_hash(password, self._salt)
        return hmac.compare_digest(legacy_hash.encode(), stored.strip().lower().encode())

    def needs_rehash(self, stored: str) -> bool:
        """Return whether a password is better hashed anew: Kimai's MD5, or weaker parameters."""
        try:
            return self._argon2.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    def _verify(self, password: str, stored: str) -> bool:
        try:
            return self._argon2.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
