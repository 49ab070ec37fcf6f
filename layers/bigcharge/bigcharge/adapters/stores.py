"""The stores' credentials (Secrets Manager) and policies (Parameter Store), kept in memory for a short while."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bigcharge.adapters.aws_errors import translate_aws_errors
from bigcharge.adapters.expiring_cache import ExpiringCache
from bigcharge.adapters.store_secrets import read_credentials
from bigcharge.domain.errors import InvalidInputError, UnknownStoreError
from bigcharge.domain.policy import Policy
from bigcharge.domain.policy_document import parse_policy
from bigcharge.domain.stores import Credentials, check_store_hash

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_ssm.client import SSMClient

# Seconds that an answer is believed: a rotated secret, a changed policy and a new store are seen after so long.
_CREDENTIALS_LIFE: Final = 300
_POLICY_LIFE: Final = 60
_UNKNOWN_LIFE: Final = 30
_MAX_ENTRIES: Final = 1000  # of each kind: a few megabytes at most, however many names strangers make up


class AwsStores:
    """The stores that we serve.

    Args:
        secrets: client of Secrets Manager.
        parameters: client of the Parameter Store.
        stage: part of every name.
        monotonic: seconds that never go back.
    """

    def __init__(
        self,
        secrets: "SecretsManagerClient",
        parameters: "SSMClient",
        stage: str,
        monotonic: Callable[[], float],
    ) -> None:
        self._secrets = secrets
        self._parameters = parameters
        self._stage = stage
        self._credentials = ExpiringCache[Credentials](_CREDENTIALS_LIFE, _MAX_ENTRIES, monotonic)
        self._policies = ExpiringCache[Policy | InvalidInputError | None](_POLICY_LIFE, _MAX_ENTRIES, monotonic)
        # Apart from the known ones, so that made-up names never push a store out.
        self._unknown = ExpiringCache[None](_UNKNOWN_LIFE, _MAX_ENTRIES, monotonic)

    def credentials(self, store_hash: str) -> Credentials:
        """The store's credentials.

        Raises:
            UnknownStoreError: none are kept for it.
            InvalidInputError: not a store hash.
            StoreSecretError: its secret is not of the documented form.
            AwsUnavailableError: Secrets Manager did not answer.
        """
        if check_store_hash(store_hash) in self._unknown:
            raise UnknownStoreError(f"no credentials are kept for store {store_hash}")
        return self._credentials.get(store_hash, self._read_credentials)

    def policy(self, store_hash: str) -> Policy | None:
        """The store's policy, None where it has none.

        Raises:
            InvalidInputError: not a store hash, or the policy cannot be read.
            AwsUnavailableError: the Parameter Store did not answer.
        """
        policy = self._policies.get(check_store_hash(store_hash), self._read_policy)
        if isinstance(policy, InvalidInputError):
            raise InvalidInputError(str(policy))  # a new one: each raise makes its traceback longer
        return policy

    def list_served(self) -> Iterator[str]:
        """The hashes of the stores that have a policy, readable or not: the others charge nothing.

        Raises:
            AwsUnavailableError: the Parameter Store did not answer.
        """
        folder = f"/bigcharge/{self._stage}/stores"
        pages = self._parameters.get_paginator("get_parameters_by_path").paginate(Path=folder, Recursive=True)
        with translate_aws_errors("list the policies"):
            for page in pages:
                for parameter in page["Parameters"]:
                    store_hash, _, name = parameter["Name"].removeprefix(f"{folder}/").partition("/")
                    if name == "policy":
                        yield store_hash

    def _read_credentials(self, store_hash: str) -> Credentials:
        name = f"bigcharge/{self._stage}/stores/{store_hash}"
        # A secret that waits for its deletion is an invalid request, not a missing resource.
        missing = (
            self._secrets.exceptions.ResourceNotFoundException,
            self._secrets.exceptions.InvalidRequestException,
        )
        with translate_aws_errors(f"read the secret of store {store_hash}"):
            try:
                answer = self._secrets.get_secret_value(SecretId=name)
            except missing:
                self._unknown.put(store_hash, None)
                raise UnknownStoreError(f"no credentials are kept for store {store_hash}") from None
        return read_credentials(store_hash, answer.get("SecretString", ""))

    def _read_policy(self, store_hash: str) -> Policy | InvalidInputError | None:
        """The policy; what is wrong with one is remembered as well, so that strangers cannot have it read often."""
        name = f"/bigcharge/{self._stage}/stores/{store_hash}/policy"
        with translate_aws_errors(f"read the policy of store {store_hash}"):
            try:
                answer = self._parameters.get_parameter(Name=name, WithDecryption=True)
            except self._parameters.exceptions.ParameterNotFound:
                return None
        document: object = None  # what is no JSON is no policy either
        with suppress(ValueError):
            document = json.loads(answer["Parameter"]["Value"])
        try:
            return parse_policy(document)
        except InvalidInputError as error:
            return error
