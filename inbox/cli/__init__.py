"""The command line: one composition root in several files."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, ParamSpec

import typer
from rich.console import Console

from inbox.cli.early import IMPORTING, early_servers
from inbox.cli.listening import bind
from inbox.cli.memory import keep_small
from inbox.core.embedded.home import open_home
from inbox.core.errors import OtklikError
from inbox.core.log import configure_logs
from inbox.core.settings import Settings, get_settings

app = typer.Typer(
    help="Otklik: one inbox for everything subscribers write.", no_args_is_help=True, pretty_exceptions_enable=False
)
agent_app = typer.Typer(help="People who answer.", no_args_is_help=True)
channel_app = typer.Typer(help="Connected accounts.", no_args_is_help=True)
model_app = typer.Typer(help="The classifier.", no_args_is_help=True)
bench_app = typer.Typer(help="Benchmarks: ratios taken in one run.", no_args_is_help=True)
report_app = typer.Typer(help="Figures of response times.", no_args_is_help=True)
for name, group in (
    ("agent", agent_app), ("channel", channel_app), ("model", model_app), ("bench", bench_app), ("report", report_app),
):  # fmt: skip
    app.add_typer(group, name=name)

Params = ParamSpec("Params")


def in_words(command: Callable[Params, None]) -> Callable[Params, None]:
    """Errors of ours become a sentence and exit code 1, not a traceback."""

    @wraps(command)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except OtklikError as error:
            Console(stderr=True).print(f"[bold red]otklik:[/] {error}", soft_wrap=True)
            raise typer.Exit(1) from None

    return run


def run_async(work: Coroutine[None, None, None]) -> None:
    """Run a command's coroutine; one error of ours inside a group is that error."""
    try:
        asyncio.run(work)
    except ExceptionGroup as group:
        ours, _ = group.split(OtklikError)
        if ours is None:
            raise
        error: BaseException = ours
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        raise error from None


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"otklik {version('otklik')}")
        raise typer.Exit


@app.callback()
def _before(
    is_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    keep_small()


@app.command()
@in_words
def up(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the panel and the API.")] = None,
) -> None:
    """Everything in one process, with embedded servers under OTKLIK_HOME."""
    settings = _settings(host=host, port=port)
    with bind(settings.host, settings.port) as listener:
        if settings.database_url or settings.redis_url:
            from inbox.cli.up import up_outside

            run_async(up_outside(settings, listener))
            return
        home = open_home(settings.home)
        with early_servers(home) as starting:
            with IMPORTING:
                from inbox.cli.up import up as run

            run_async(run(settings, home, starting, listener))


@app.command()
@in_words
def demo(
    port: Annotated[int, typer.Option(help="Port of the panel; the simulator takes the next one.")] = 8000,
    home: Annotated[Path | None, typer.Option(help="Folder to keep the demo in; default: a temporary one.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the subscribers' stream.")] = 0,
    no_traffic: Annotated[bool, typer.Option("--no-traffic", help="Nobody writes by themselves.")] = False,
    closed: Annotated[bool, typer.Option("--closed", help="Start outside working hours.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON when ready.")] = False,
) -> None:
    """`up` in a fresh home with simulated platforms, a seeded team, and people who write."""
    configure_logs("WARNING")
    with ExitStack() as ending:
        web_listener, phone = (ending.enter_context(bind("127.0.0.1", number)) for number in (port, port + 1))
        path = home or Path(ending.enter_context(TemporaryDirectory(prefix="otklik-demo-", ignore_cleanup_errors=True)))
        chosen = open_home(path)
        starting = ending.enter_context(early_servers(chosen))
        with IMPORTING:
            from inbox.cli.demo import DemoOptions
            from inbox.cli.demo import demo as run

        run_async(run(DemoOptions(port, seed, not no_traffic, closed, as_json), chosen, starting, web_listener, phone))


@app.command()
@in_words
def web(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the panel and the API.")] = None,
) -> None:
    """The panel and the API alone."""
    from inbox.cli.apart import web as run

    run_async(run(_settings(host=host, port=port)))


@app.command()
@in_words
def worker() -> None:
    """One worker: intake, jobs, sweep. Any number may run."""
    from inbox.cli.apart import worker as run

    run_async(run(_settings()))


@app.command()
@in_words
def bots() -> None:
    """Receivers of all polled channels. Any number may run; leases divide the channels."""
    from inbox.cli.apart import bots as run

    run_async(run(_settings()))


@app.command()
@in_words
def migrate() -> None:
    """Bring the database's schema up, and make the stream's group."""
    from inbox.cli.apart import migrate as run

    run(_settings())


@app.command()
@in_words
def doctor() -> None:
    """Say in plain words what is wrong and how to mend it; exit code 1 if anything is."""
    from inbox.cli.doctor import doctor as run

    if not run(_settings()):
        raise typer.Exit(1)


@app.command()
@in_words
def backup(path: Path) -> None:
    """Write the database and its key into one file."""
    from inbox.cli.backups import backup as run

    run(_settings(), path)


@app.command()
@in_words
def restore(path: Path) -> None:
    """Bring a backup into an empty home or database."""
    from inbox.cli.backups import restore as run

    run(_settings(), path)


@agent_app.command("add")
@in_words
def add_agent(
    email: str,
    role: Annotated[str, typer.Option(help="owner, admin, moderator, sales or viewer.")] = "moderator",
    name: Annotated[str | None, typer.Option(help="Default: the address's first part.")] = None,
    workspace: Annotated[str, typer.Option(help="Name of the project; made when missing.")] = "Main",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from the input.")] = False,
) -> None:
    """Add a person (and, the first time, the organisation and its project)."""
    from inbox.cli.accounts import NewAgent
    from inbox.cli.accounts import add_agent as run

    password = sys.stdin.readline().strip() if password_stdin else typer.prompt("Password", hide_input=True)
    run_async(run(_settings(), NewAgent(email, role, name, workspace, password)))


@channel_app.command("add")
@in_words
def add_channel(
    platform: str,
    token: Annotated[str, typer.Option(help="The bot's or community's key.")],
    api_url: Annotated[str | None, typer.Option(help="Base URL of the API; default: the platform's own.")] = None,
    name: Annotated[str | None, typer.Option(help="Default: the account's own name.")] = None,
    workspace: Annotated[str, typer.Option(help="Name of the project.")] = "Main",
    group_id: Annotated[int | None, typer.Option(help="The community's number (VK).")] = None,
    user_token: Annotated[str | None, typer.Option(help="An administrator's own key (VK).")] = None,
) -> None:
    """Connect an account: `otklik channel add telegram --token …`."""
    from inbox.cli.accounts import NewChannel
    from inbox.cli.accounts import add_channel as run

    run_async(run(_settings(), NewChannel(platform, token, api_url, name, workspace, user_token, group_id)))


@model_app.command("build")
@in_words
def build_model(
    tune: Annotated[bool, typer.Option("--tune", help="The second encoder, too; wants the extra `build`.")] = False,
) -> None:
    """Train the shipped classifier from the seed corpus."""
    from moderation.learning.build import main as run

    run(tune=tune)


@model_app.command("train")
@in_words
def train_model(workspace: Annotated[str, typer.Option(help="Name of the project.")] = "Main") -> None:
    """Make a project's model from what its people corrected; it goes live only if it is better."""
    from inbox.cli.training import train as run

    run_async(run(_settings(), workspace))


@model_app.command("explain")
@in_words
def explain_model(text: str) -> None:
    """Tags of one text with their probabilities, and the words and labelled examples that carried them."""
    from moderation.learning.explaining import explain_text

    typer.echo(explain_text(text))


@model_app.command("evaluate")
@in_words
def evaluate_model(path: Path) -> None:
    """Measure the classifier on a table: header, `text` and any of sentiment, intent, toxic."""
    from moderation.learning.evaluate import evaluate_file

    typer.echo(json.dumps(evaluate_file(path), ensure_ascii=False))


@report_app.command("rebuild")
@in_words
def report_rebuild() -> None:
    """Make facts and rollups of response times anew, from what is stored."""
    from inbox.cli.figures import rebuild

    run_async(rebuild(_settings()))


@bench_app.command("pipeline")
@in_words
def bench_pipeline(messages: int = 4000) -> None:
    """Messages a second from the stream to committed rows, beside what tagging and inserting alone allow."""
    from inbox.cli.bench import pipeline as run

    run_async(run(bench_settings(), messages))


@bench_app.command("latency")
@in_words
def bench_latency(messages: int = 400, rate: float = 20.0) -> None:
    """Platform send to the panel's event, beside a bare poll-and-print loop on the same simulator."""
    from inbox.cli.bench_latency import latency as run

    run_async(run(bench_settings(), messages, rate))


@bench_app.command("panel")
@in_words
def bench_panel(small: int = 10_000, large: int = 300_000, repeats: int = 40) -> None:
    """List, thread, search and SLA page at two sizes of desk: growth, queries, beside bare round trips."""
    from inbox.cli.bench_panel import panel as run

    run_async(run(bench_settings(), small, large, repeats))


@bench_app.command("memory")
@in_words
def bench_memory(messages: Annotated[int, typer.Option(min=1)] = 20_000, then: int = 60_000) -> None:
    """Memory of `otklik up`, all processes, after so many messages and after so many more."""
    from inbox.cli.bench_memory import memory as run

    run_async(run(bench_settings(), messages, then))


@bench_app.command("communities")
@in_words
def bench_communities(few: int = 10, many: int = 200, seconds: float = 8.0) -> None:
    """From VK's event to the stream: the p95 with many communities in one bots process beside that with few."""
    from inbox.cli.bench_communities import communities as run

    run_async(run(bench_settings(), few, many, seconds))


def _settings(host: str | None = None, port: int | None = None) -> Settings:
    settings = get_settings()
    changed = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update=changed)
    configure_logs(settings.log_level)
    return settings


def bench_settings() -> Settings:
    """With the simulator allowed, and logs of trouble alone: a line for each request would stand between results."""
    settings = get_settings().model_copy(update={"log_level": "WARNING", "channels_private": True})
    configure_logs(settings.log_level)
    return settings


def main() -> None:
    """Entry point of the `otklik` command."""
    app()
