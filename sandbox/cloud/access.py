"""The door of the emulated AWS: whoever comes as a role may do what the role's policies say, and nothing else.

moto knows the roles and checks the signatures. Its own judgement is not enough: it reads no conditions, takes "*" for
what most calls work on, so that a policy which names a resource allows nothing, and knows nothing of the key that a
service uses in the caller's name. Whoever comes with other credentials than a role's is the owner of the account.
"""

import io
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from moto.core.exceptions import InvalidClientTokenIdError, SignatureDoesNotMatchError
from moto.dynamodb.models import dynamodb_backends
from moto.iam.access_control import IAMRequest
from moto.iam.models import Policy
from moto.kms.models import kms_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sqs.models import sqs_backends
from werkzeug.wrappers import Request, Response

from sandbox.cloud.permissions import Call, UnknownCallError, arn, list_permissions
from sandbox.cloud.policies import UnknownElementError, allows
from sandbox.cloud.serving import Application
from sandbox.cloud.template import ACCOUNT, REGION, Json

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


class RolesOnly:
    """Lets the calls of an assumed role through that its policies allow."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one call."""
        if "HTTP_X_AMZ_SECURITY_TOKEN" in environ:
            request = Request(environ)
            body = request.get_data()
            environ["wsgi.input"] = io.BytesIO(body)  # for moto to read
            if refusal := _refuse(request, body):
                return refusal(environ, start_response)
            if (
                request.headers.get("X-Amz-Invocation-Type") == "DryRun"
            ):  # of Lambda: may it be invoked? moto would do it
                return Response(status=204)(environ, start_response)
        return self._application(environ, start_response)


def _refuse(request: Request, body: bytes) -> Response | None:
    try:
        call = _read_call(request, body)
        caller = _Caller(request, body, call)
        caller.check_signature()
        documents = caller.documents()
        for needed in list_permissions(call, _MotoFacts()):
            if not allows(documents, needed):
                return _denied(f"{caller.arn} is not authorized to perform {needed.action} on {needed.resource}")
    except (
        InvalidClientTokenIdError,
        SignatureDoesNotMatchError,
    ) as error:  # moto: whose credentials these are is not known, or the signature is another's
        return _answer(error.error_type, str(error.message))
    except (UnknownCallError, UnknownElementError) as error:
        return _denied(f"the local cloud does not know this call, or this element of a policy: {error}")
    return None


def _denied(message: str) -> Response:
    return _answer("AccessDeniedException", message)


def _answer(code: str, message: str) -> Response:
    text = json.dumps({"__type": code, "message": message})
    headers = {"x-amzn-ErrorType": code}
    return Response(text, status=400, headers=headers, content_type="application/x-amz-json-1.1")


def _read_call(request: Request, body: bytes) -> Call:
    service = request.headers["Authorization"].split("/")[3]
    operation = request.headers.get("X-Amz-Target", "").rsplit(".", 1)[-1]
    return Call(service, operation, json.loads(body) if operation else {}, request.path)


class _Caller(IAMRequest):
    """moto's view of who calls."""

    def __init__(self, request: Request, body: bytes, call: Call) -> None:
        super().__init__(
            account_id=ACCOUNT,
            method=request.method,
            path=request.environ["RAW_URI"],
            data={},
            body=body,
            headers=request.headers,  # type: ignore[arg-type]  # moto only asks for names, as of a dict
            action=call.operation,
        )

    @property
    def arn(self) -> str:
        return str(self._access_key.arn)

    def documents(self) -> list[Json]:
        return [_read_document(policy) for policy in self._access_key.collect_policies()]


def _read_document(policy: Policy | str | Json) -> Json:
    """Read a role's policy, which moto keeps as it came: managed, as text, or as CloudFormation had it."""
    if isinstance(policy, Policy):
        policy = next(version.document for version in policy.versions if version.is_default)
    document: Json = json.loads(policy) if isinstance(policy, str) else policy
    return document


class _MotoFacts:
    """What moto holds of the resources."""

    def hash_key(self, table: str) -> str:
        found = dynamodb_backends[ACCOUNT][REGION].tables.get(table)
        return str(found.hash_key_attr) if found else ""

    def secret_arn(self, name_or_arn: str) -> str:
        found = secretsmanager_backends[ACCOUNT][REGION].secrets.get(name_or_arn)
        if found is None:
            return name_or_arn if name_or_arn.startswith("arn:") else arn("secretsmanager", f"secret:{name_or_arn}")
        return str(found.arn)

    def key_arn(self, service: str, resource: str) -> str | None:
        name: str | None = None
        match service:
            case "dynamodb":
                table = dynamodb_backends[ACCOUNT][REGION].tables.get(resource.split("/")[1])
                name = (table.sse_specification or {}).get("KMSMasterKeyId") if table else None
            case "sqs":
                queue = sqs_backends[ACCOUNT][REGION].queues.get(resource.rsplit(":", 1)[-1])
                name = getattr(queue, "kms_master_key_id", None)
            case "secretsmanager":
                secret = secretsmanager_backends[ACCOUNT][REGION].secrets.get(resource)
                name = getattr(secret, "kms_key_id", None)
        if not name or name.startswith("alias/aws/"):
            return None
        keys = kms_backends[ACCOUNT][REGION]
        return str(keys.keys[keys.any_id_to_key_id(name)].arn)
