"""The commands and where each lives; errors become one line and an exit code."""

import importlib
import io
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import ClassVar

import click

from propolis.core.errors import DocumentError, SourceError
from propolis.core.printable import printable

EXIT_FINDINGS = 1
EXIT_INPUT = 2
EXIT_WORLD = 3
EXIT_INTERRUPTED = 130

COMMANDS = {
    "assess": ("propolis.cli.assess", "Judge a cluster or its manifests once and keep the result."),
    "serve": ("propolis.cli.serve", "Serve the console, the API and metrics over the store."),
    "up": ("propolis.cli.up", "Assess, then serve."),
    "scan": ("propolis.cli.scan", "Scan images and root file systems, without keeping anything."),
    "db": ("propolis.cli.db", "Import, update or describe the advisories that images are matched against."),
    "report": ("propolis.cli.report", "Show or export what the last run found."),
    "policy": ("propolis.cli.policy", "Test, check, try, explain and convert policies."),
    "install": ("propolis.cli.install", "Print the manifests that put Propolis into a cluster."),
    "operator": ("propolis.cli.operator", "Keep every resource of a cluster checked against policies."),
    "admission": ("propolis.cli.admission", "Decide on requests to a cluster by policies."),
}
"""Name: the module that holds the command of that name, and its line in the list."""


class LazyGroup(click.Group):
    """Loads a command's module when the command is called.

    Attributes:
        table: Its commands, as `COMMANDS` has them.
    """

    table: ClassVar[Mapping[str, tuple[str, str]]] = COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        del ctx
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        del ctx
        if cmd_name not in self.table:
            return None
        module = importlib.import_module(self.table[cmd_name][0])
        command = getattr(module, cmd_name.replace("-", "_"))
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.table.items()])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(None, "-V", "--version", package_name="propolis", message="propolis %(version)s")
def cli() -> None:
    """Security of Kubernetes clusters: what is wrong, what to fix first, and why.

    \b
    Example:
      propolis up --manifests examples/shop
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line.

    Returns:
        0 done, 1 findings at or above ``--fail-on``, 2 wrong input or call, 3 the world failed,
        130 interrupted.
    """
    _prepare_process()
    try:
        code = cli.main(args=arguments, prog_name="propolis", standalone_mode=False)
    except click.exceptions.Abort:
        return told("interrupted; what was stored before is sound", EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return EXIT_INPUT
    except DocumentError as error:
        return told(str(error), EXIT_INPUT)
    except SourceError as error:
        return told(str(error), EXIT_WORLD)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        return told(f"the system refused: {error}", EXIT_WORLD)
    except UnicodeError as error:
        return told(f"text that cannot be encoded: {error}", EXIT_INPUT)
    return code if isinstance(code, int) else 0


def _prepare_process() -> None:
    """Output never fails for its characters, and a request to end is as an interruption."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def told(message: str, code: int) -> int:
    """Prints one line on standard error and gives the code back."""
    lines = (printable(line) for line in message.split("\n"))
    sys.stderr.write("propolis: " + "\n".join(lines) + "\n")
    return code
