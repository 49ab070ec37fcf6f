"""Where a stage keeps its stores' credentials and policies, for the commands that write them."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bigcharge.adapters.store_secrets import read_credentials
from bigcharge.domain.stores import Credentials
from ops.aws import connect


@dataclass(frozen=True, slots=True)
class Kept:
    """The secret of a store.

    Attributes:
        store_hash: the store.
        leaves_at: when it is deleted; None: it stays.
    """

    store_hash: str
    leaves_at: datetime | None = None


class Vault:
    """The secrets and the policies of a stage's stores.

    Args:
        stage: the deployment's; part of every name.
    """

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._secrets, self._parameters = connect("secretsmanager"), connect("ssm")
        self._prefix = f"bigcharge/{stage}/stores/"

    def list_secrets(self) -> list[Kept]:
        """The stores that have credentials, those too whose credentials are about to be deleted."""
        pages = self._secrets.get_paginator("list_secrets").paginate(
            Filters=[{"Key": "name", "Values": [self._prefix]}], IncludePlannedDeletion=True
        )
        found = [secret for page in pages for secret in page["SecretList"] if secret["Name"].startswith(self._prefix)]
        return [Kept(secret["Name"].removeprefix(self._prefix), secret.get("DeletedDate")) for secret in found]

    def has_credentials(self, store: str) -> bool:
        """Whether the store has credentials that stay."""
        with suppress(self._secrets.exceptions.ResourceNotFoundException):
            return "DeletedDate" not in self._secrets.describe_secret(SecretId=self._prefix + store)
        return False

    def has_policy(self, store: str) -> bool:
        """Whether the store has a policy, readable or not."""
        with suppress(self._parameters.exceptions.ParameterNotFound):
            self._parameters.get_parameter(Name=self._policy_name(store))
            return True
        return False

    def read(self, store: str) -> dict[str, Any]:
        """The store's credentials as they are kept."""
        answer = self._secrets.get_secret_value(SecretId=self._prefix + store, VersionStage="AWSCURRENT")
        found: dict[str, Any] = json.loads(answer["SecretString"])
        return found

    def check(self, store: str, document: dict[str, Any]) -> Credentials:
        """The credentials that a document holds; raises StoreSecretError, which shows none of them."""
        return read_credentials(store, json.dumps(document))

    def add(self, store: str, document: dict[str, Any]) -> None:
        """Keep a new store's credentials, under the stack's key; what waits for its deletion is brought back for it."""
        text = json.dumps(document)
        name, exceptions = self._prefix + store, self._secrets.exceptions
        try:
            self._secrets.create_secret(
                Name=name,
                KmsKeyId=f"alias/bigcharge-{self._stage}",
                SecretString=text,
                Description="bigcharge: what a BigCommerce store gave us.",
            )
        except (exceptions.InvalidRequestException, exceptions.ResourceExistsException):
            self._secrets.restore_secret(SecretId=name)
            self._secrets.put_secret_value(SecretId=name, SecretString=text)

    def rotate(self, store: str, document: dict[str, Any]) -> None:
        """Make other credentials the current ones; those before them stay valid beside them (AWSPREVIOUS)."""
        self._secrets.put_secret_value(SecretId=self._prefix + store, SecretString=json.dumps(document))

    def put_policy(self, store: str, document: dict[str, Any]) -> None:
        """Keep the store's policy in place of any other."""
        text = json.dumps(document)
        self._parameters.put_parameter(Name=self._policy_name(store), Type="String", Value=text, Overwrite=True)

    def delete_policy(self, store: str) -> None:
        """Delete the store's policy, if it has one."""
        with suppress(self._parameters.exceptions.ParameterNotFound):
            self._parameters.delete_parameter(Name=self._policy_name(store))

    def _policy_name(self, store: str) -> str:
        return f"/{self._prefix}{store}/policy"
