"""`bigcharge`: every command, and what happens to the errors of all of them.

The commands import what they need when they run: `bigcharge --help` must not wait for boto3.
"""

import sys
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

from bigcharge.domain.errors import BigchargeError, InvalidInputError
from ops import charges, customers, dead_letters, hooks, instruments, running, stores
from ops.demo import command as demo
from ops.errors import FAILED, MISUSED, CommandError
from ops.sandbox import command as sandbox

app = typer.Typer(
    help="Charges BigCommerce orders off-session, each exactly once.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # loading rich would treble the time of --help
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.run_demo)
app.command("local")(running.run_local)
app.add_typer(sandbox.app, name="sandbox")
app.command("aws")(running.run_aws)
app.add_typer(charges.app, name="charges")
app.add_typer(customers.app, name="customers")
app.add_typer(instruments.app, name="instruments")
app.add_typer(hooks.app, name="hooks")
app.add_typer(stores.app, name="stores")
app.add_typer(dead_letters.app, name="dead-letters")


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command; whatever it cannot do is one line on stderr.

    Args:
        arguments: without the program's name.

    Returns:
        The exit status: 0 done, 1 the answer is no, 2 it could not run as asked, 130 interrupted.
    """
    try:
        return app(arguments or ["--help"], prog_name="bigcharge", standalone_mode=False) or 0
    except TyperException as error:
        _complain(_explain_usage(error))
        return error.exit_code
    except CommandError as error:
        _complain(str(error))
        return error.status
    except BigchargeError as error:
        _complain(str(error))
        return MISUSED if isinstance(error, InvalidInputError) else FAILED


def _explain_usage(error: TyperException) -> str:
    """Typer's message on one line, with the command whose help shows what it takes."""
    context: typer.Context | None = getattr(error, "ctx", None)
    message = " ".join(error.format_message().split())
    return f"{message.rstrip('.')}: see {context.command_path if context else 'bigcharge'} --help"


def _complain(message: str) -> None:
    print(f"bigcharge: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
