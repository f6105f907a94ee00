"""docs/double.md describes the double that there is, and its examples run."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields
from inspect import signature
from pathlib import Path
from string import Template
from typing import Any, get_args

import pytest
import requests
from flask import Flask

from local.ports import SENDGRID_PORT
from local.sendgrid_double import (
    OBSERVED,
    Account,
    ExportFlaw,
    Fault,
    RateLimit,
    SendGridDouble,
    Settings,
    serve,
)
from local.sendgrid_double.__main__ import make_parser
from local.sendgrid_double.api import api
from local.sendgrid_double.control import create_control
from local.sendgrid_double.downloads import create_downloads
from local.sendgrid_double.gateway import documented_path
from local.sendgrid_double.jobs import ForcedEnding
from tests.sendgrid_double.support import ApiSession

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "double.md").read_text()
BASE_URL = f"http://127.0.0.1:{SENDGRID_PORT}"


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without the table's head."""
    section = re.split(r"^#+ ", DOCUMENT.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def names(heading: str) -> list[str]:
    return [name for row in rows(heading) for name in re.findall(r"`([^`]+)`", row[0])]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)


def endpoints(*apps: Flask) -> set[str]:
    """Method and path of everything that these serve, with parameters as in Twilio's documentation."""
    return {
        f"{method} {documented_path(rule)}"
        for app in apps
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


@pytest.mark.parametrize(
    ("heading", "apps"),
    [
        ("Endpoints", [api(), create_downloads(SendGridDouble())]),
        ("Control it", [create_control(SendGridDouble())]),
    ],
)
def test_every_endpoint_is_described_once(heading: str, apps: list[Flask]) -> None:
    assert sorted(names(heading)) == sorted(endpoints(*apps))


def test_every_option_is_described_with_its_default() -> None:
    in_words = {"--rate-limit": "no limit", "--api-key": "any key"}
    options = {
        action.option_strings[0]: action.default for action in make_parser()._actions if action.dest != "help"
    }
    described = {row[1].strip("`"): row[2] for row in rows("Start it")}
    assert described == {
        option: in_words[option]
        if default is None
        else f"{default:g}"
        if type(default) in (int, float)
        else default
        for option, default in options.items()
    }


@pytest.fixture
def options_of_make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """The options that `make double` would give, as if it were called by hand."""
    for name in ("MAKEFLAGS", "MAKELEVEL"):
        monkeypatch.delenv(name, raising=False)

    def options(*variables: str) -> list[str]:
        command = ["make", "--dry-run", "double", *variables]
        shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own
        return shlex.split(shown.stdout.partition("-m local.sendgrid_double")[2].replace("\\\n", " "))

    return options


def test_every_make_variable_reaches_its_option(options_of_make: Callable[..., list[str]]) -> None:
    variables = {row[0].strip("`"): row[1].strip("`") for row in rows("Start it")}
    options = options_of_make(*(f"{variable}=value of {variable}" for variable in variables))
    assert options == [f"{option}=value of {variable}" for variable, option in variables.items()]


def test_first_command_gives_options_that_exist(options_of_make: Callable[..., list[str]]) -> None:
    make, double, *variables = shlex.split(blocks("sh")[0])
    options = make_parser().parse_args(options_of_make(*variables))
    assert (make, double, options.contacts, options.rate_limit) == ("make", "double", 1000, 600)


def test_variable_of_the_environment_is_not_taken_for_an_option(
    options_of_make: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in rows("Start it"):
        monkeypatch.setenv(row[0].strip("`"), "not for the double")
    assert options_of_make() == []


@pytest.mark.parametrize(
    ("heading", "described"),
    [("Flaws", ExportFlaw), ("Settings", Settings), ("Faults", Fault), ("Rate limit", RateLimit)],
)
def test_every_field_is_described_with_its_default(heading: str, described: Any) -> None:
    defaults = {row[0].strip("`"): row[1].strip("`") for row in rows(heading)}
    assert defaults == {field.name: _default(field) for field in fields(described)}


def _default(field: Any) -> str:
    if field.default_factory is not MISSING:
        return json.dumps(field.default_factory())
    if field.default is MISSING:
        return ""
    return f"{field.default:g}" if type(field.default) in (int, float) else json.dumps(field.default)


def test_every_field_of_a_contact_and_every_ending_is_described() -> None:
    assert set(names("Contacts")) == signature(Account.add_contact).parameters.keys() - {"self"}
    assert set(names("Endings")) == set(get_args(ForcedEnding))


def test_everything_that_sendgrid_may_do_can_be_switched_on() -> None:
    switches = rows("What SendGrid may do")
    with serve(SendGridDouble()) as base_url, ApiSession(base_url) as session:
        for _, call, body in switches:
            method, path = call.strip("`").split()
            response = session.request(method, path, data=body.strip("`"))
            assert response.status_code == 204, (call, response.text)
    assert len(switches) > 10


def test_observed_rate_limit_is_described() -> None:
    (body,) = re.findall(r"^As observed \(2026-07\):\n`(.*)`$", DOCUMENT, re.MULTILINE)
    assert RateLimit(**json.loads(body)) == OBSERVED


def test_curl_examples_get_the_statuses_that_are_shown() -> None:
    _, script = blocks("sh")
    shell = dict(re.findall(r'^([A-Z]+)="?([^"\n]*)"?$', script, re.MULTILINE))
    assert shell["DOUBLE"] == BASE_URL
    commands = [line for line in script.splitlines() if line.startswith("curl ")]
    double = SendGridDouble()
    with serve(double) as base_url:
        shell["DOUBLE"] = base_url
        for command in commands:
            words = shlex.split(Template(command).substitute(shell), comments=True)
            assert str(curl(words).status_code) == command.rpartition("# ")[2], command
    assert len(double.account) == 0
    assert len(commands) == script.count("curl ")


def curl(words: Iterable[str]) -> requests.Response:
    """What curl would do, with the few options that the page has."""
    method, headers, data, url = None, {}, None, ""
    arguments = iter(words)
    assert next(arguments) == "curl"
    for word in arguments:
        match word:
            case "-X":
                method = next(arguments)
            case "-H":
                name, _, value = next(arguments).partition(": ")
                headers[name] = value
            case "-d":
                data = next(arguments)
            case _:
                assert word.startswith("http://"), word
                url = word
    form = {"Content-Type": "application/x-www-form-urlencoded"} if data else {}
    with requests.Session() as session:
        session.trust_env = False
        verb = method or ("POST" if data else "GET")
        return session.request(verb, url, headers=form | headers, data=data, timeout=120)


@pytest.mark.parametrize("example", blocks("python"), ids=["official client", "in a test"])
def test_python_examples_run(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with serve(SendGridDouble()) as base_url:
        exec(example.replace(BASE_URL, base_url), {})  # noqa: S102 - the page's own example
