"""The stores' credentials (Secrets Manager) and policies (Parameter Store), kept in memory for a short while."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bigcharge.adapters.allowances import Allowance
from bigcharge.adapters.aws_errors import translate_aws_errors
from bigcharge.adapters.expiring_cache import ExpiringCache
from bigcharge.adapters.store_credentials import StoreCredentials
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.policy import Policy
from bigcharge.domain.policy_document import parse_policy
from bigcharge.domain.stores import Credentials, check_store_hash

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_ssm.client import SSMClient

_POLICY_LIFE: Final = 60  # seconds that a policy is believed
_MAX_ENTRIES: Final = 1000


class AwsStores:
    """The stores that we serve.

    Args:
        secrets: client of Secrets Manager.
        parameters: client of the Parameter Store.
        stage: part of every name.
        monotonic: seconds that never go back.
        first_reads: how many stores may be asked for that were not met before; None: whoever asks is no stranger.
    """

    def __init__(
        self,
        secrets: "SecretsManagerClient",
        parameters: "SSMClient",
        stage: str,
        monotonic: Callable[[], float],
        first_reads: Allowance | None = None,
    ) -> None:
        self._parameters = parameters
        self._stage = stage
        self._credentials = StoreCredentials(secrets, f"bigcharge/{stage}/stores/", monotonic, first_reads)
        self._policies = ExpiringCache[Policy | InvalidInputError | None](_POLICY_LIFE, _MAX_ENTRIES, monotonic)

    def credentials(self, store_hash: str) -> Credentials:
        """The store's credentials, as they were known a short while ago.

        Raises:
            UnknownStoreError: none are kept for it.
            TooManyStoresError: it is not known whether any are: too many other stores were asked for.
            InvalidInputError: not a store hash.
            StoreSecretError: its secret is not of the documented form.
            AwsUnavailableError: Secrets Manager did not answer.
        """
        return self._credentials.get(store_hash)

    def refresh(self, store_hash: str) -> Credentials:
        """The store's credentials, read anew unless that was done a moment ago, or too often.

        Raises:
            BigchargeError: as `credentials` does.
        """
        return self._credentials.refresh(store_hash)

    def find_others(self, refused: Credentials) -> Iterator[Credentials]:
        """Other credentials that may hold where these were refused, the likeliest first: while they are being rotated.

        Raises:
            BigchargeError: as `credentials` does.
        """
        return self._credentials.find_others(refused)

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
