"""``cccc endpoints add`` and ``remove``: the user's file, changed in place.

A key never stands on the command line, where other users and the shell's history see it: it is asked for without echo,
read from standard input, or named by the variable that holds it.
"""

from __future__ import annotations

import json
import sys

import click

from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.cli.text import safe
from cccc.control.api import AuthType, EndpointDraft, Preset, Saved, Secret
from cccc.control.wire import to_json
from cccc.errors import ConfigError

_LARGEST_KEY = 64 * 1024


@click.command(
    cls=Command,
    examples=[
        ("cccc endpoints add --preset anthropic", "asks for the key, without showing it"),
        ("cccc endpoints add --preset glm --key-env ZAI_API_KEY", "the file names the variable"),
        ("cccc endpoints add relay --url-anthropic https://relay.example/v1 < key.txt", "from standard input"),
    ],
)
@click.argument("name", required=False)
@click.option("--preset", "preset_name", metavar="P", help="A provider whose addresses are known; see below.")
@click.option("--url-anthropic", metavar="URL", help="Address that speaks Anthropic Messages: full, or a base.")
@click.option("--url-openai", metavar="URL", help="Address that speaks an OpenAI API: full, or a base.")
@click.option("--key-env", metavar="NAME", help="The variable that holds the key; the file gets ${NAME}.")
@click.option(
    "--auth-type",
    type=click.Choice([one.value for one in (AuthType.API_KEY, AuthType.AUTH_TOKEN, AuthType.AUTO)]),
    help="How it is sent.",
)
@click.option("--priority", metavar="N", type=int, help="Smaller is tried first [1].")
@pass_session
def add(
    session: Session,
    *,
    name: str | None,
    preset_name: str | None,
    url_anthropic: str | None,
    url_openai: str | None,
    key_env: str | None,
    auth_type: str | None,
    priority: int | None,
) -> None:
    """Add an endpoint to the configuration file, in place; the file is made where there is none.

    \b
    Presets: anthropic, openai, openrouter, deepseek, glm, kimi, minimax, qwen, groq, mistral, together, fireworks,
    ollama, lmstudio, vllm, azure.
    """
    preset = None if preset_name is None else _preset(session, preset_name)
    given = {"url_anthropic": url_anthropic, "url_openai": url_openai}
    urls = {**(preset.urls if preset else {}), **{key: url for key, url in given.items() if url is not None}}
    name = name or (preset.name if preset else None)
    if name is None:
        raise click.UsageError("a name is missing: cccc endpoints add NAME --url-… (or --preset P)")
    if not urls:
        raise click.UsageError("an address is missing: --url-anthropic, --url-openai or --preset")
    auth = auth_type or (preset.auth_type if preset else AuthType.AUTO)
    draft = EndpointDraft(
        name=name,
        urls=urls,
        auth_type=AuthType(auth),
        key=None if key_env else _key(name),
        key_reference=f"${{{key_env}}}" if key_env else None,
        settings={} if priority is None else {"priority": json.dumps(priority)},
    )
    saved = session.ask(lambda control: control.endpoint_add(draft))
    _said(session, saved, f"{name} is added to {saved.path}; cccc probe {name} tells whether it answers.")
    if preset is not None and preset.note and not session.json:
        session.note(preset.note)


@click.command(cls=Command, examples=[("cccc endpoints remove NAME", "")])
@click.argument("name")
@pass_session
def remove(session: Session, name: str) -> None:
    """Take an endpoint out of the configuration file, in place. The previous version is kept beside it."""
    saved = session.ask(lambda control: control.endpoint_remove(name))
    _said(session, saved, f"{name} is removed from {saved.path}; the previous version is {saved.backup}.")


def _preset(session: Session, name: str) -> Preset:
    known: tuple[Preset, ...] = session.ask(lambda control: control.presets())
    presets = {preset.name: preset for preset in known}
    if name.lower() not in presets:
        raise ConfigError([f"no preset is named {name!r}; there are: {', '.join(presets)}"])
    return presets[name.lower()]


def _key(name: str) -> Secret:
    """The key from a prompt, or the first line of standard input where that is no terminal."""
    if sys.stdin.isatty():
        text = click.prompt(f"Key of {safe(name)}", hide_input=True, err=True)
    else:
        text = sys.stdin.read(_LARGEST_KEY).partition("\n")[0].strip()
    if not text:
        raise click.UsageError("no key was given: type it, send it to standard input, or name its variable (--key-env)")
    return Secret(text)


def _said(session: Session, saved: Saved, text: str) -> None:
    if session.json:
        session.say_json(to_json(saved))
    else:
        session.note(text)
