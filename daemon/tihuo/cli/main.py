"""The commands of `tihuo`, each in a few lines; what they do lives elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tihuo import __version__
from tihuo.cli.saying import OK, WRONG, say, say_json, settings_of

app = typer.Typer(
    name="tihuo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="提货: the box on the counter of a neighbourhood shop that sells in livestreams.",
    epilog="Exit codes: 0 done · 1 something was found wrong · 2 wrong call or settings · 3 a part cannot be used.",
)
SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", "-s", envvar="TIHUO_SETTINGS", help="TOML file; without it defaults and TIHUO_… apply."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        say(__version__)
        raise typer.Exit(OK)
    if context.invoked_subcommand is None:
        say(context.get_help())


@app.command()
def run(settings: SettingsFile = None) -> None:
    """Run the daemon until SIGTERM or Ctrl-C. Ready when pages answer and a commit has reached the disk.

    SIGUSR1 prints what every thread is doing.
    """
    from tihuo.cli.entering import run_daemon

    run_daemon(settings)


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Play one whole evening without a person, then stop.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the demo shop keeps its data and papers.")] = Path("var/demo"),
    port: Annotated[int, typer.Option(help="Port of the pages; 0 takes a free one.")] = 8080,
    fast: Annotated[
        bool, typer.Option("--fast", help="Orders as fast as they go instead of one every few seconds.")
    ] = False,
) -> None:
    """Run a believable shop on this machine: a real broker, simulated devices, the other side of the cloud contract.

    With --once: exit 0 only if every order ended where it should and the ledger balances, else 1.
    """
    from tihuo.cli.demoing import play

    raise typer.Exit(play(folder, port=port, once=once, fast=fast))


@app.command()
def doctor(settings: SettingsFile = None, json: Json = False) -> None:
    """Look over settings, database, disk, clock, devices and broker, and say what to do about each fault.

    Exit 1 when something is wrong.
    """
    from tihuo.cli.doctor import examine

    findings = examine(settings_of(settings))
    wrong = [finding for finding in findings if finding.advice]
    if json:
        say_json([{"part": f.part, "state": f.state, "advice": f.advice} for f in findings])
    else:
        for finding in findings:
            say(f"{'✗' if finding.advice else '✓'} {finding.part}: {finding.state}")
            if finding.advice:
                say(f"    {finding.advice}")
    raise typer.Exit(WRONG if wrong else OK)


@app.command()
def probe(
    store: Annotated[str, typer.Option(help="A store id that nobody runs: test messages go there.")] = "probe",
    foreign: Annotated[str, typer.Option(help="A store that this account should not reach.")] = "elsewhere",
    cloud_username: Annotated[str, typer.Option(help="The cloud's account, to play the other end.")] = "",
    cloud_password_file: Annotated[Path | None, typer.Option(help="File with its password.")] = None,
    cloud_cert: Annotated[Path | None, typer.Option(help="The cloud's client certificate.")] = None,
    cloud_key: Annotated[Path | None, typer.Option(help="The key of that.")] = None,
    gently: Annotated[bool, typer.Option("--gently", help="At most 16 messages a second.")] = False,
    settings: SettingsFile = None,
    json: Json = False,
) -> None:
    """Examine a broker: does it do what the protocol relies on? Takes some 15 seconds; needs an account for `store`.

    Exit 0 when it can be used, 1 when not, 3 when it cannot be reached.
    """
    from tihuo.cli.probing import probe_broker

    raise typer.Exit(
        probe_broker(
            settings_of(settings),
            store,
            foreign,
            cloud_username=cloud_username,
            cloud_password_file=cloud_password_file,
            cloud_cert=cloud_cert,
            cloud_key=cloud_key,
            gently=gently,
            json=json,
        )
    )


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A file that does not exist yet, or a folder.")],
    settings: SettingsFile = None,
    json: Json = False,
) -> None:
    """Copy the whole database beside a running daemon, and check the copy."""
    from tihuo.cli.copies import make_copy

    path, size = make_copy(settings_of(settings), target)
    if json:
        say_json({"backup": str(path), "bytes": size})
    else:
        say(f"Backed up to {path} ({size / 1e6:.1f} MB), checked.")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A file that `tihuo backup` made.")],
    settings: SettingsFile = None,
    json: Json = False,
) -> None:
    """Put a backup in place of the database. Stop the daemon first; the old file is kept beside it.

    The box starts a new epoch, and serves when the cloud has told it what happened after the backup.
    """
    from tihuo.cli.copies import put_back

    done = put_back(settings_of(settings), source)
    if json:
        say_json(
            {
                "restored": str(source),
                "kept": str(done.kept) if done.kept else None,
                "epoch": done.epoch,
                "beyond": done.beyond,
                "waits": done.waits,
            }
        )
        return
    say(f"Restored {source}; epoch {done.epoch}." + (f" The former database is {done.kept}." if done.kept else ""))
    if done.beyond is not None:
        say(f"The former database knows {done.beyond} facts that the backup does not.")
    if done.waits:
        say("The box waits until the cloud has told it what it does not know; the owner's page says how far that is.")


@app.command()
def verify(
    database: Annotated[Path | None, typer.Option(help="Another file than the shop's own: a backup.")] = None,
    against: Annotated[
        list[str] | None, typer.Option(help="What the journal was at some time, such as 1234:9f86d081884c7d65.")
    ] = None,
    settings: SettingsFile = None,
    json: Json = False,
) -> None:
    """Look whether the journal is what was sealed, beside a running daemon: names what was edited, removed or inserted.

    Takes a minute for a year. --against compares with a head from the cloud or from paper, and may be given again.
    Exit 0 when all is as it was, 1 when something was found.
    """
    from tihuo.cli.verifying import lines
    from tihuo.cli.verifying import verify as look_over

    verdict = look_over(database or settings_of(settings).database, against or [])
    if json:
        say_json(verdict.as_json())
    else:
        for line in lines(verdict):
            say(line)
    raise typer.Exit(OK if verdict.sound else WRONG)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An order export (快团团 .xlsx, .csv).")],
    session: Annotated[str, typer.Option(help="The session that takes the orders; made if it is new.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Book without asking.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what is in the file.")] = False,
    settings: SettingsFile = None,
    json: Json = False,
) -> None:
    """Take the orders of another program's export into a session. Doing it twice changes nothing.

    Shows totals first and asks; without a terminal it books only with --yes.
    """
    from tihuo.cli.importing import import_file

    raise typer.Exit(import_file(settings_of(settings), file, session, yes=yes, preview=preview, json=json))


@app.command("print-test")
def print_test(
    printer: Annotated[str, typer.Argument(help="label, receipt, or as the settings name it")] = "label",
    settings: SettingsFile = None,
) -> None:
    """Print a test page, and say how it went. Exit 3 when the printer cannot be used."""
    from tihuo.cli.printing import print_test_page

    raise typer.Exit(print_test_page(settings_of(settings), printer))


@app.command()
def user(
    name: Annotated[str, typer.Argument(help="Who; without a name, list everybody.")] = "",
    role: Annotated[str, typer.Option(help="owner or staff")] = "staff",
    remove: Annotated[bool, typer.Option("--remove", help="Take this person's access away.")] = False,
    pin_stdin: Annotated[bool, typer.Option("--pin-stdin", help="Read the PIN from standard input.")] = False,
    settings: SettingsFile = None,
    json: Json = False,
) -> None:
    """List, add or remove the people who may work with the box, or renew a PIN (4 to 64 characters)."""
    from tihuo.cli.people import change_user, list_users

    chosen = settings_of(settings)
    if not name:
        people = list_users(chosen)
        if json:
            say_json(people)
        else:
            say(
                "\n".join(f"{person['role']:6} {person['name']}" for person in people)
                or "Nobody yet: tihuo user NAME --role owner"
            )
        return
    change_user(chosen, name, role, remove=remove, pin_stdin=pin_stdin)
