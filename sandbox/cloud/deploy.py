"""Deploys template.yaml and a stores file into an emulated AWS."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.cloud.clients import Clients, check
from sandbox.cloud.deployment import Deployment, read_deployment
from sandbox.cloud.stack import deploy_stack
from sandbox.cloud.stores import Store, put_stores
from sandbox.cloud.template import Json, place_api


def deploy(
    clients: Clients,
    translated: Json,
    checkout: Path,
    parameters: Mapping[str, str],
    stores: Sequence[Store],
    api_url: str,
) -> Deployment:
    """Bring the stack and its stores to what the template and the stores file say.

    Args:
        clients: of the emulated AWS.
        translated: the template, as `translate` made it.
        checkout: the folder from which the template names its code.
        parameters: those that the template does not know are left out.
        stores: whose secrets and policies to make.
        api_url: where the HTTP API is served.

    Raises:
        CannotStart: what answers is no emulated AWS, or it refused the template.
    """
    known = {name: value for name, value in parameters.items() if name in translated.get("Parameters", {})}
    stage = known.get("Stage", "dev")
    check(clients)
    resources = deploy_stack(clients.cloudformation, f"bigcharge-{stage}", place_api(translated, api_url), known)
    put_stores(stores, stage, clients.secrets, clients.parameters)
    return read_deployment(resources, checkout)
