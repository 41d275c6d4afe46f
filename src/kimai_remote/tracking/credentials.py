"""Passwords and API keys: pure functions of a server secret, no database."""

from __future__ import annotations

import base64
import hashlib
import hmac

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: Kimai's column for keys holds 30 characters; of base32 that is 150 bits.
KEY_LENGTH = 30


def kimai_hash(password: str, salt: str) -> str:
    """What Kimai 1's PHP stores for a password.

    :param salt: ``$password_salt`` of its autoconf.php.
    """
    return hashlib.md5(f"{salt}{password}{salt}".encode(), usedforsecurity=False).hexdigest()


class Credentials:
    """Hashes and checks passwords, derives API keys.

    :param secret: at least 16 bytes known to the server alone; all API keys depend on it.
    :param salt: Kimai 1's ``$password_salt``, to check passwords that Kimai stored.
    """

    def __init__(self, secret: bytes, salt: str = "") -> None:
        if len(secret) < 16:
            raise ValueError("the secret is shorter than 16 bytes")
        self._secret = secret
        self._salt = salt
        # OWASP's parameters: about 20 ms and 19 MiB a check, so that logins can run in parallel.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._nobody = self._hasher.hash("nobody has this password")

    def hash_password(self, password: str) -> str:
        """The Argon2id hash to store for a password."""
        return self._hasher.hash(password)

    def check_password(self, password: str, stored: str | None) -> bool:
        """Whether a password is the one stored, be it by us (Argon2id) or by Kimai 1 (MD5).

        Takes the time of an Argon2id check even where there is no such user (``stored`` is None).
        """
        if stored is not None and not stored.startswith("$argon2"):
            self._argon2(password, self._nobody)
            kimai = kimai_hash(password, self._salt)
            return hmac.compare_digest(kimai.encode(), stored.strip().lower().encode())
        return self._argon2(password, stored or self._nobody) and stored is not None

    def _argon2(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, stored: str) -> bool:
        """Whether a stored password is better hashed anew: Kimai's MD5, or weaker parameters."""
        if not stored.startswith("$argon2"):
            return True
        return self._hasher.check_needs_rehash(stored)

    def api_key(self, kind: str, number: int, generation: int) -> str:
        """The API key of a user or customer: the same until the generation is counted up."""
        digest = self._digest("key", f"{kind}:{number}:{generation}")
        return base64.b32encode(digest).decode("ascii").lower()[:KEY_LENGTH]

    def key_hash(self, key: str) -> str:
        """What the database stores of a key: it can be compared, not turned back."""
        return self._digest("hash", key).hex()

    def _digest(self, purpose: str, text: str) -> bytes:
        message = f"kimai-remote:{purpose}:{text}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, message, "sha256")
