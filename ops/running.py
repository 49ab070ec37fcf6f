"""`bigcharge local` and `aws`: the whole house on this machine. Thin wrappers of `sandbox`."""

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


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"cannot make the folder {path} ({error.strerror}): name another") from None
