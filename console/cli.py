"""The command line: every verb. stdout is data, stderr is talk."""

import errno
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

USAGE = 64
"""Exit status for a call that cannot be understood."""

CONFIGURATION = 78
"""Exit status for a bad configuration."""

INTERRUPTED = 130
"""Exit status after ctrl+c."""

UNWRITTEN = 74
"""Exit status for output that could not be written, as on a full disk."""

UNREAD = 141
"""Exit status for output whose reader has gone away, as the shell gives it after SIGPIPE."""

_OUTPUT_FAULTS = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where the configuration is to come from: a file, an environment, or instant URLs."""

    config: str = ""
    environment: str = ""
    urls: tuple[str, ...] = ()
    plain: bool = False


def _is_url(word: str) -> bool:
    return "://" in word or word.startswith("env:")


class Verbs(click.Group):
    """Verbs, and URLs in place of a verb: then ``open`` is meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A first word that is a URL opens it."""
        if args and _is_url(args[0]):
            return "open", self.get_command(ctx, "open"), args
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the verb; click itself would give 1 to a closed pipe."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            sys.exit(_unwritten(error))


def _sourced(function: F) -> F:
    """Options of every verb that reads a configuration."""
    function = click.argument("urls", nargs=-1, metavar="[URL ...]")(function)
    return _configured(function)


def _configured(function: F) -> F:
    function = click.option("-e", "--environment", default="", metavar="NAME", help="Use NAME.toml.")(
        function
    )
    return click.option("--config", default="", metavar="FILE", help="Use this file.")(function)


def _wanted(ctx: click.Context, config: str, environment: str, urls: Sequence[str] = ()) -> Wanted:
    above: Wanted = ctx.obj or Wanted()
    return Wanted(config or above.config, environment or above.environment, tuple(urls), above.plain)


@click.group(cls=Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@_configured
@click.option("--plain", is_flag=True, help="Lines of text instead of a screen.")
@click.version_option(package_name="quarterdeck")
@click.pass_context
def main(ctx: click.Context, config: str, environment: str, plain: bool) -> None:
    """A console from which an operator watches and handles a fleet of services.

    Without a verb, or with URLs (redis://… postgres://… https://…/readyz file:///…/app.jsonl
    env:DATABASE_URL), it opens the screen.
    """
    ctx.obj = Wanted(config, environment, plain=plain)
    if ctx.invoked_subcommand is None:
        ctx.invoke(open_, config=config, environment=environment, urls=(), plain=plain)


@main.command("open")
@_sourced
@click.option("--plain", is_flag=True, help="Lines of text instead of a screen.")
@click.pass_context
def open_(ctx: click.Context, config: str, environment: str, urls: tuple[str, ...], plain: bool) -> None:
    """Open the screen."""
    from console.verbs.open import open_screen

    wanted = _wanted(ctx, config, environment, urls)
    sys.exit(open_screen(wanted, plain=plain or wanted.plain))


@main.command()
@click.option("--incident", default="", metavar="NAME", help="Begin with this incident ('list' names them).")
@click.option(
    "--serve", is_flag=True, help="Run the shop without a screen until SIGTERM; prints config: PATH."
)
@click.option("--ssh", is_flag=True, help="Behind real sshds on loopback, with keys of their own.")
@click.option("--plain", is_flag=True, help="Lines of text instead of a screen.")
@click.pass_context
def demo(ctx: click.Context, incident: str, serve: bool, ssh: bool, plain: bool) -> None:
    """Open the embedded shop: real servers from wheels, nothing to install."""
    from console.verbs.demo import run_demo

    sys.exit(run_demo(incident, serve=serve, ssh=ssh, plain=plain or _wanted(ctx, "", "").plain))


@main.command()
@_sourced
@click.option(
    "--for", "duration", default="", metavar="5s", help="Go on for so long, so that rates are known."
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.pass_context
def check(
    ctx: click.Context, config: str, environment: str, urls: tuple[str, ...], duration: str, as_json: bool
) -> None:
    """Poll everything once; exit 0 ok, 1 warning, 2 critical, 3 unknown."""
    from console.verbs.check import run_check

    sys.exit(run_check(_wanted(ctx, config, environment, urls), duration, as_json=as_json))


@main.command()
@click.argument("practice")
@_sourced
@click.option("--json", "as_json", is_flag=True, help="Print the readings as JSON.")
@click.option("--watch", is_flag=True, help="Print again whenever something changes.")
@click.option(
    "--for", "duration", default="", metavar="5s", help="Go on for so long, so that rates are known."
)
@click.pass_context
def show(
    ctx: click.Context,
    practice: str,
    config: str,
    environment: str,
    urls: tuple[str, ...],
    as_json: bool,
    watch: bool,
    duration: str,
) -> None:
    """Print one practice's panel as text or JSON."""
    from console.verbs.check import run_show

    wanted = _wanted(ctx, config, environment, urls)
    sys.exit(run_show(wanted, practice, duration, as_json=as_json, watch=watch))


@main.command()
@_sourced
@click.option("--for", "duration", default="", metavar="1h", help="Stop by itself after so long.")
@click.option("--to", "target", default="", metavar="FILE", help="Write to this file.")
@click.pass_context
def record(
    ctx: click.Context, config: str, environment: str, urls: tuple[str, ...], duration: str, target: str
) -> None:
    """Record without a screen until SIGTERM or ctrl+c."""
    from console.verbs.record import run_record

    sys.exit(run_record(_wanted(ctx, config, environment, urls), duration, target))


@main.command()
@_configured
@click.option("--service", default="", help="The service that it is about.")
@click.argument("text", nargs=-1, required=True)
@click.pass_context
def mark(ctx: click.Context, config: str, environment: str, service: str, text: tuple[str, ...]) -> None:
    """Add a mark, such as a deploy, to what changed: open consoles show it at once."""
    from console.verbs.mark import run_mark

    sys.exit(run_mark(_wanted(ctx, config, environment), " ".join(text), service))


@main.command()
@click.argument("action", default="")
@click.argument("target", default="")
@_configured
@click.option("--with", "given", multiple=True, metavar="NAME=VALUE", help="An argument of the action.")
@click.option("--dry-run", is_flag=True, help="Only the plan.")
@click.option("--yes", default=None, metavar="ENV/SUBJECT", help="Confirm; the plan says what to write.")
@click.option("--max", "maximum", type=click.IntRange(min=1), metavar="N", help="Hit so many at most.")
@click.option("--rate", default="", metavar="N/s", help="So many a second at most.")
@click.option("--arm", default="", metavar="REASON", help="Arm a protected environment for this one call.")
@click.option("--undo", default="", metavar="RUN", help="Take a run back, by its id in the journal.")
@click.option("--list", "as_list", is_flag=True, help="List what can be done, and why not.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
def act(ctx: click.Context, /, config: str, environment: str, **said: Any) -> None:  # noqa: ANN401 - click's values
    """Do something: ACTION (queues.retry) to TARGET (COLLECTOR/SUBJECT, percent-encoded).

    The same road as on the screen: plan, confirm, run, verify, journal. Exit 0 done, 1 failed,
    3 unknown, 69 not reached, 77 refused.
    """
    from console.verbs.act import run_act, run_list
    from console.verbs.wishes import wish_of

    wanted = _wanted(ctx, config, environment)
    if said.pop("as_list"):
        sys.exit(run_list(wanted, as_json=said["as_json"]))
    sys.exit(run_act(wanted, wish_of(**said)))


@main.command(
    # a question may begin with -path:/healthz, so there are no short options
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
)
@click.argument("words", nargs=-1, metavar="[FILE ...] [QUESTION]", type=click.UNPROCESSED)
@click.option("--config", default="", metavar="FILE", help="Use this file.")
@click.option("--environment", default="", metavar="NAME", help="Use NAME.toml.")
@click.option("--since", default="", metavar="TIME", help="As since:TIME in the question: 1h, today.")
@click.option("--until", default="", metavar="TIME", help="As until:TIME in the question.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), metavar="N", help="Only the newest N records.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until ctrl+c.")
@click.option("--json", "as_json", is_flag=True, help="Records as JSON lines, a table as one object.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
@click.pass_context
def logs(ctx: click.Context, /, config: str, environment: str, **said: Any) -> None:  # noqa: ANN401 - click's values
    """Ask log files, a pipe (-), or the configured logs: 'region=eu since:1h | p95(duration)'.

    Without a FILE the configured logs are asked, or what is piped in; without a QUESTION every record
    is printed; @NAME asks a saved question. Rotated and packed neighbours of a FILE belong to it where
    the question tells since when.
    """
    from console.verbs.logs import LogsWish, run_logs

    if said["as_json"] and said["as_csv"]:
        raise click.UsageError("--json and --csv exclude each other")
    form = "json" if said.pop("as_json") else "csv" if said["as_csv"] else "text"
    del said["as_csv"]
    sys.exit(run_logs(_wanted(ctx, config, environment), LogsWish(form=form, **said)))


@main.command()
@_configured
@click.option("--verify", is_flag=True, help="Walk the chain: is every record as it was written?")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
def journal(ctx: click.Context, config: str, environment: str, verify: bool, as_json: bool) -> None:
    """Print what was done, by whom, and how it ended."""
    from console.verbs.journal import run_journal

    sys.exit(run_journal(_wanted(ctx, config, environment), verify=verify, as_json=as_json))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.argument("name", default="")
def collectors(name: str, as_json: bool) -> None:
    """List the collector types, or explain one of them with its options."""
    from console.verbs.collectors import run_collectors

    sys.exit(run_collectors(name, as_json=as_json))


@main.command()
@_configured
@click.argument("servers", nargs=-1, metavar="[SERVER ...]")
@click.pass_context
def login(ctx: click.Context, config: str, environment: str, servers: tuple[str, ...]) -> None:
    """Log in to servers by hand (passphrase, one-time code), then open the screen."""
    from console.verbs.login import run_login

    sys.exit(run_login(_wanted(ctx, config, environment), servers))


@main.command()
@_configured
@click.pass_context
def doctor(ctx: click.Context, config: str, environment: str) -> None:
    """Examine this installation, terminal and configuration."""
    from console.verbs.doctor import run_doctor

    sys.exit(run_doctor(_wanted(ctx, config, environment)))


@main.group()
def config() -> None:
    """Show, validate and explain the configuration."""


@config.command("show")
@_configured
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
def config_show(ctx: click.Context, config: str, environment: str, as_json: bool) -> None:
    """Print the effective configuration, each value with its file and line; secrets masked."""
    from console.verbs.config import run_show

    sys.exit(run_show(_wanted(ctx, config, environment), as_json=as_json))


@config.command("validate")
@_configured
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.argument("files", nargs=-1)
@click.pass_context
def config_validate(
    ctx: click.Context, config: str, environment: str, as_json: bool, files: tuple[str, ...]
) -> None:
    """Report every mistake with file, line, key and remedy; exit 78 if there is one."""
    from console.verbs.config import run_validate

    wanted = [_wanted(ctx, file, "") for file in files] or [_wanted(ctx, config, environment)]
    sys.exit(run_validate(wanted, as_json=as_json))


@config.command("schema")
def config_schema() -> None:
    """Print the JSON Schema of a configuration file."""
    from console.verbs.config import run_schema

    sys.exit(run_schema())


@config.command("keys")
@_configured
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
def config_keys(ctx: click.Context, config: str, environment: str, as_json: bool) -> None:
    """Print the key map in force, with the ids for [keys]."""
    from console.verbs.config import run_keys

    sys.exit(run_keys(_wanted(ctx, config, environment), as_json=as_json))


def run(arguments: Sequence[str]) -> int:
    """Run the command line and give its exit status.

    A call that cannot be understood gives 64, a fault of our own 70, output that cannot be written
    74, output that nobody reads 141: none of them is to be taken for a level.
    """
    try:
        code = _run(arguments)
        if sys.stdout is not None:
            # Python's own flush at the end could only complain.
            sys.stdout.flush()
    except OSError as error:
        code = _unwritten(error)
    except Exception as error:  # noqa: BLE001 - the end of the program: Python's 1 would read as a warning
        code = _crashed(error)
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        main.main(list(arguments), prog_name="quarterdeck", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 70
    return 0


def _unwritten(error: OSError) -> int:
    if error.errno not in _OUTPUT_FAULTS:
        return _crashed(error)
    # What Python still holds back goes nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return UNREAD
    click.echo(f"quarterdeck: the output cannot be written: {error.strerror}", err=True)
    return UNWRITTEN


def _crashed(error: Exception) -> int:
    from console.terminal import crash

    crash.tell(crash.message(error, crash.write_report(error, os.environ)))
    return crash.EXIT_CRASH
