"""The stores' credentials in Secrets Manager, kept in memory for a short while, and how a rotation is noticed.

A rotation writes a new version of the secret: it becomes AWSCURRENT, and the one before it AWSPREVIOUS. BigCommerce may
go over to the new credentials a little earlier or later, so both hold for as long as both versions are there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal

from bigcharge.adapters.allowances import Allowance
from bigcharge.adapters.aws_errors import translate_aws_errors
from bigcharge.adapters.expiring_cache import ExpiringCache
from bigcharge.adapters.store_secrets import StoreSecretError, read_credentials
from bigcharge.domain.errors import TooManyStoresError, UnknownStoreError
from bigcharge.domain.stores import Credentials, check_store_hash

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

# Seconds that an answer is believed. A rotated secret is seen at once by whoever is refused with the old one; a new
# store, and a version that was withdrawn, are seen after so long.
_CREDENTIALS_LIFE: Final = 300
_UNKNOWN_LIFE: Final = 30
_MAX_ENTRIES: Final = 1000  # of each kind: a few megabytes at most, however many names strangers make up

# A forged webhook looks like one that is signed with a secret we do not know yet. So of one store the secret is read
# anew once in ten seconds at most, and of all stores together twice a second, in each process.
_REFRESH_PAUSE: Final = 10
_REFRESHES_AT_ONCE: Final = 20
_REFRESHES_PER_SECOND: Final = 2

type _Label = Literal["AWSCURRENT", "AWSPREVIOUS"]


@dataclass(frozen=True, slots=True)
class _Secret:
    """A store's secret; the version before it is read only when somebody needs it, and then once."""

    current: Credentials
    get_previous: Callable[[], Credentials | None]


class StoreCredentials:
    """The credentials of the stores that we serve.

    Args:
        client: of Secrets Manager.
        prefix: of the secrets' names.
        monotonic: seconds that never go back.
        first_reads: how many stores may be asked for that were not met before; None: whoever asks is no stranger.
    """

    def __init__(
        self,
        client: "SecretsManagerClient",
        prefix: str,
        monotonic: Callable[[], float],
        first_reads: Allowance | None = None,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._first_reads = first_reads
        self._secrets = ExpiringCache[_Secret](_CREDENTIALS_LIFE, _MAX_ENTRIES, monotonic)
        # Apart from the known ones, so that made-up names never push a store out.
        self._unknown = ExpiringCache[None](_UNKNOWN_LIFE, _MAX_ENTRIES, monotonic)
        self._refreshed = ExpiringCache[None](_REFRESH_PAUSE, _MAX_ENTRIES, monotonic)
        self._refreshes = Allowance(_REFRESHES_AT_ONCE, _REFRESHES_PER_SECOND, monotonic)
        self._refreshing = Lock()

    def get(self, store_hash: str) -> Credentials:
        """The store's credentials; raises as `AwsStores.credentials` does."""
        return self._get(store_hash).current

    def refresh(self, store_hash: str) -> Credentials:
        """The store's credentials, read anew unless that was done a moment ago, or too often; raises as `get` does."""
        with self._refreshing:  # two calls that are refused at the same time both learn what the first one finds
            kept = self._get(store_hash)
            if store_hash in self._refreshed or not self._refreshes.take():
                return kept.current
            self._refreshed.put(store_hash, None)
            found = self._read(store_hash)
            # One that did not change is not kept for longer: the version before it may have been withdrawn.
            if found.current != kept.current:
                self._secrets.put(store_hash, found)
            return found.current

    def find_others(self, refused: Credentials) -> Iterator[Credentials]:
        """What else may hold where these were refused, the likeliest first; raises as `get` does."""
        tried = {refused}
        for find in (self.get, self._get_previous, self.refresh, self._get_previous):
            found = find(refused.store_hash)
            if found is not None and found not in tried:
                tried.add(found)
                yield found

    def _get(self, store_hash: str) -> _Secret:
        if check_store_hash(store_hash) in self._unknown:
            raise UnknownStoreError(f"no credentials are kept for store {store_hash}")
        return self._secrets.get(store_hash, self._read_first)

    def _get_previous(self, store_hash: str) -> Credentials | None:
        return self._get(store_hash).get_previous()

    def _read_first(self, store_hash: str) -> _Secret:
        first_reads = None if self._secrets.has_met(store_hash) else self._first_reads
        if first_reads is not None and not first_reads.take():
            raise TooManyStoresError("more stores are asked for than are looked up at a time")
        return self._read(store_hash)

    def _read(self, store_hash: str) -> _Secret:
        current = self._read_version(store_hash, "AWSCURRENT")
        if current is None:
            self._unknown.put(store_hash, None)
            raise UnknownStoreError(f"no credentials are kept for store {store_hash}")
        return _Secret(current, cache(partial(self._read_previous, store_hash)))

    def _read_previous(self, store_hash: str) -> Credentials | None:
        """The version before; one that cannot be used is none: what is valid now is another one."""
        try:
            return self._read_version(store_hash, "AWSPREVIOUS")
        except StoreSecretError:
            return None

    def _read_version(self, store_hash: str, label: _Label) -> Credentials | None:
        # A secret that waits for its deletion is an invalid request, not a missing resource.
        missing = (self._client.exceptions.ResourceNotFoundException, self._client.exceptions.InvalidRequestException)
        with translate_aws_errors(f"read the secret of store {store_hash}"):
            try:
                answer = self._client.get_secret_value(SecretId=f"{self._prefix}{store_hash}", VersionStage=label)
            except missing:
                return None
        return read_credentials(store_hash, answer.get("SecretString", ""))
