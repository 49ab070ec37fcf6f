"""`bigcharge local`, `aws` and `sandbox`: the whole house on this machine. Thin wrappers of `sandbox`."""

from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from ops.errors import CommandError

TEMPLATE: Final = Path(__file__).parents[1] / "template.yaml"

Port = Annotated[int, typer.Option(min=0, max=65535)]
StoresFile = Annotated[
    Path,
    typer.Option(
        "--stores", help="JSON list of {store_hash, access_token, client_id, client_secret, hook_header?, policy}."
    ),
]


def run_local(  # noqa: PLR0913, PLR0917 - one parameter for each option
    stores: StoresFile,
    api_url: Annotated[str, typer.Option(help="Base URL of BigCommerce's REST API.")],
    payments_url: Annotated[str, typer.Option(help="Base URL of BigCommerce's Payments API.")],
    port: Port = 3000,
    aws_port: Port = 4566,
    tick: Annotated[float, typer.Option(min=0.05, help="Seconds between two runs of every schedule.")] = 60,
    visibility: Annotated[int | None, typer.Option(min=1, help="Seconds, in place of the queues' own.")] = None,
    logs: Annotated[Path | None, typer.Option(help="Folder for what the functions print.")] = None,
) -> None:
    """Run the functions here, against any BigCommerce.

    Webhooks are taken at http://127.0.0.1:PORT/webhooks. The AWS that answers at --aws-port is used, or one is started
    for as long. It says one line when ready and stops on Ctrl-C.
    """
    from sandbox.cloud import local  # noqa: PLC0415 - only who runs it waits for it

    if logs is not None:
        _make_folder(logs)
    settings = local.LocalSettings(
        stores_file=stores,
        api_url=api_url,
        payments_url=payments_url,
        port=port,
        aws_port=aws_port,
        tick=tick,
        visibility=visibility,
        log_dir=logs,
        template=TEMPLATE,
    )
    raise typer.Exit(local.run_local(settings))


def run_aws(port: Port = 4566) -> None:
    """Run the emulated AWS alone.

    Functions can then be stopped and started while tables and queues live on.
    """
    from sandbox.cloud import aws  # noqa: PLC0415 - only who runs it waits for it

    raise typer.Exit(aws.run_aws(port))


def run_sandbox(
    stores: StoresFile,
    port: Port = 8080,
    payments_port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    webhooks: Annotated[str | None, typer.Option(help="URL that every store's webhooks go to.")] = None,
) -> None:
    """Run a BigCommerce in a box.

    Both hosts of the API, with webhooks. It stops on Ctrl-C.
    """
    from sandbox.bigcommerce import server  # noqa: PLC0415 - only who runs it waits for it
    from sandbox.bigcommerce.stores import StoresFileError  # noqa: PLC0415

    try:
        server.run(port, payments_port, stores, webhooks, announce=partial(print, flush=True))
    except StoresFileError as error:
        raise CommandError(f"the stores file {error}") from None
    except OSError as error:
        raise CommandError(f"cannot listen at port {port} or {payments_port} ({error.strerror}): name others") from None


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"cannot make the folder {path} ({error.strerror}): name another") from None
