"""The stores that the local cloud serves: their credentials and policies, made beside the stack as they are in AWS."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.cloud.errors import CannotStart
from sandbox.cloud.template import Json

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

CREDENTIALS = ("access_token", "client_id", "client_secret", "hook_header")
OPTIONAL = {"hook_header"}


@dataclass(frozen=True, slots=True)
class Store:
    """A store of the stores file."""

    store_hash: str
    credentials: Json = field(repr=False)
    policy: Json | None  # None: there is no policy, and nothing is charged


def read_stores(path: Path) -> tuple[Store, ...]:
    """Read a stores file: a JSON list of `{store_hash, access_token, client_id, client_secret, hook_header?, policy}`.

    Raises:
        CannotStart: it is not there, or not of this shape.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CannotStart(f"cannot read the stores file {path}: {error}") from error
    if not isinstance(entries, list):
        raise CannotStart(f"the stores file {path} must hold a JSON list of stores")
    return tuple(_read_store(path, number, entry) for number, entry in enumerate(entries, start=1))


def _read_store(path: Path, number: int, entry: object) -> Store:
    if not isinstance(entry, dict):
        raise CannotStart(f"{path}: store {number} is not a JSON object")
    missing = {"store_hash", *CREDENTIALS} - OPTIONAL - entry.keys()
    if missing:
        raise CannotStart(f"{path}: store {number} lacks {', '.join(sorted(missing))}")
    credentials = {name: entry[name] for name in CREDENTIALS if entry.get(name) is not None}
    return Store(str(entry["store_hash"]), credentials, entry.get("policy"))


def put_stores(stores: Sequence[Store], stage: str, secrets: "SecretsManagerClient", parameters: "SSMClient") -> None:
    """Make the secret and the policy of each store what the stores file says."""
    for store in stores:
        name = f"bigcharge/{stage}/stores/{store.store_hash}"
        text = json.dumps(store.credentials)
        try:
            secrets.create_secret(Name=name, SecretString=text, KmsKeyId=f"alias/bigcharge-{stage}")
        except secrets.exceptions.ResourceExistsException:
            secrets.put_secret_value(SecretId=name, SecretString=text)
        if store.policy is None:
            with suppress(parameters.exceptions.ParameterNotFound):
                parameters.delete_parameter(Name=f"/{name}/policy")
        else:
            text = json.dumps(store.policy)
            parameters.put_parameter(Name=f"/{name}/policy", Value=text, Type="String", Overwrite=True)
