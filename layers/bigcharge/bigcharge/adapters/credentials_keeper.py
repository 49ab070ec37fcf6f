"""Where the stores' credentials are kept, for whoever ends that: read as they are now, and scheduled for deletion."""

from typing import TYPE_CHECKING, Final

from bigcharge.adapters.aws_errors import translate_aws_errors
from bigcharge.adapters.store_secrets import read_credentials
from bigcharge.domain.stores import KeptCredentials

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

# The longest that Secrets Manager allows: until then, `restore-secret` brings back what was closed by mistake.
_RECOVERY_DAYS: Final = 30


class SecretsKeeper:
    """The secrets of a stage's stores.

    Args:
        client: of Secrets Manager.
        stage: part of every name.
    """

    def __init__(self, client: "SecretsManagerClient", stage: str) -> None:
        self._client = client
        self._stage = stage
        # A secret that waits for its deletion is an invalid request, not a missing resource.
        self._absent = (client.exceptions.ResourceNotFoundException, client.exceptions.InvalidRequestException)

    def read(self, store_hash: str) -> KeptCredentials | None:
        """The store's credentials; None where none are kept, or they wait for their deletion.

        Raises:
            StoreSecretError: its secret is not of the documented form.
            AwsUnavailableError: Secrets Manager did not answer.
        """
        with translate_aws_errors(f"read the secret of store {store_hash}"):
            try:
                answer = self._client.get_secret_value(SecretId=self._name(store_hash), VersionStage="AWSCURRENT")
            except self._absent:
                return None
        return KeptCredentials(read_credentials(store_hash, answer.get("SecretString", "")), answer["CreatedDate"])

    def schedule_deletion(self, store_hash: str) -> None:
        """Have the store's credentials deleted after 30 days; nothing is done where they wait for it already.

        Raises:
            AwsUnavailableError: it may not have been scheduled.
        """
        with translate_aws_errors(f"delete the secret of store {store_hash}"):
            try:
                self._client.delete_secret(SecretId=self._name(store_hash), RecoveryWindowInDays=_RECOVERY_DAYS)
            except self._absent:
                return

    def _name(self, store_hash: str) -> str:
        return f"bigcharge/{self._stage}/stores/{store_hash}"
