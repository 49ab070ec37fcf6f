"""Secrets Manager, Parameter Store and EventBridge at the level of boto3's client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.simulation.aws_errors import InvalidRequestException, ParameterNotFound, ResourceNotFoundException, refuse
from tests.simulation.expressions import UnsupportedError

type Json = dict[str, Any]

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_PAGE = 10  # parameters, of GetParametersByPath


@dataclass(slots=True)
class Secrets:
    """Secrets Manager.

    Attributes:
        values: by name.
        previous: the version before, by name.
        leaving: names of secrets that wait for their deletion.
        stored_at: when each was stored, by name; long ago where it does not say.
    """

    values: dict[str, str] = field(default_factory=dict)
    previous: dict[str, str] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)
    stored_at: dict[str, datetime] = field(default_factory=dict)

    def get_secret_value(self, **request: Any) -> Json:
        """GetSecretValue."""
        _check("GetSecretValue", request, {"SecretId", "VersionStage"})
        versions = {"AWSCURRENT": self.values, "AWSPREVIOUS": self.previous}[request["VersionStage"]]
        name = self._find("GetSecretValue", request["SecretId"], versions)
        return {"Name": name, "SecretString": versions[name], "CreatedDate": self.stored_at.get(name, _LONG_AGO)}

    def put(self, name: str, text: str) -> None:
        """What CreateSecret and PutSecretValue leave behind."""
        if name in self.values:
            self.previous[name] = self.values[name]
        self.values[name] = text

    def delete_secret(self, **request: Any) -> Json:
        """DeleteSecret, with a recovery window."""
        _check("DeleteSecret", request, {"SecretId", "RecoveryWindowInDays"})
        name = self._find("DeleteSecret", request["SecretId"], self.values)
        self.leaving.add(name)
        return {"Name": name}

    def _find(self, operation: str, name: str, versions: Mapping[str, str]) -> str:
        if name in self.leaving:
            text = "You can't perform this operation on the secret because it was marked for deletion."
            raise refuse(operation, "InvalidRequestException", text, InvalidRequestException)
        if name not in versions:
            text = "Secrets Manager can't find the specified secret."
            raise refuse(operation, "ResourceNotFoundException", text, ResourceNotFoundException)
        return name


@dataclass(slots=True)
class Parameters:
    """The Parameter Store; `values` by name."""

    values: dict[str, str] = field(default_factory=dict)

    def get_parameter(self, **request: Any) -> Json:
        """GetParameter."""
        _check("GetParameter", request, {"Name", "WithDecryption"})
        name = request["Name"]
        if name not in self.values:
            raise refuse("GetParameter", "ParameterNotFound", f"Parameter {name} not found.", ParameterNotFound)
        return {"Parameter": {"Name": name, "Type": "SecureString", "Value": self.values[name]}}

    def get_parameters_by_path(self, **request: Any) -> Json:
        """GetParametersByPath, recursive; a page at a time."""
        _check("GetParametersByPath", request, {"Path", "Recursive", "MaxResults", "NextToken"})
        folder = request["Path"].rstrip("/") + "/"
        if not request.get("Recursive"):
            raise UnsupportedError("GetParametersByPath of one level")
        names = sorted(name for name in self.values if name.startswith(folder))
        first = int(request.get("NextToken", "0"))
        last = first + request.get("MaxResults", _PAGE)
        page = [{"Name": name, "Type": "SecureString", "Value": self.values[name]} for name in names[first:last]]
        return {"Parameters": page} | ({"NextToken": str(last)} if last < len(names) else {})


@dataclass(slots=True)
class Events:
    """EventBridge.

    Attributes:
        buses: their names.
        events: what was taken, in order.
        refused: how many entries of the next call are not taken.
    """

    buses: frozenset[str]
    events: list[Json] = field(default_factory=list)
    refused: int = 0

    def put_events(self, **request: Any) -> Json:
        """PutEvents; the answer has an entry for each of the request."""
        _check("PutEvents", request, {"Entries"})
        entries = request["Entries"]
        if not 1 <= len(entries) <= 10:
            raise refuse("PutEvents", "ValidationException", "1 to 10 entries")
        for entry in entries:
            _check("PutEvents", entry, {"EventBusName", "Source", "DetailType", "Detail", "Time"})
        refused, self.refused = min(self.refused, len(entries)), 0
        taken = [entry for entry in entries[refused:] if entry["EventBusName"] in self.buses]
        self.events += taken
        failed: Json = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
        answers = [failed] * refused + [{"EventId": str(len(self.events))} for _ in entries[refused:]]
        return {"FailedEntryCount": refused, "Entries": answers}


def _check(operation: str, request: Mapping[str, Any], known: set[str]) -> None:
    if unknown := request.keys() - known:
        raise UnsupportedError(f"{operation} with {', '.join(sorted(unknown))}")
