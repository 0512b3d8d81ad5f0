"""What a person or a client finds who just knocks: the help page, the set-up scripts, a short 200.

The addresses on the pages are made from the request's own ``Host``, which the edge has compared with its list: behind a
mapped container port that is the address that works for whoever reads the page.
"""

from __future__ import annotations

from collections.abc import Callable

from anyio.to_thread import run_sync

from cccc import __version__
from cccc.http.messages import Request, Responder
from cccc.server.replies import plain_refusal, send_text
from cccc.server.routing import Guard, Handler, Route
from cccc.server.scripts import NAMES, script

_HELP = """\
cccc {version}: one address for Claude Code, Codex and OpenAI-compatible tools

Claude Code, for one shell:

    export ANTHROPIC_BASE_URL={base}
    export ANTHROPIC_AUTH_TOKEN={token}
    export API_TIMEOUT_MS=600000
    claude

Codex, in ~/.codex/config.toml (the first line above every [table]):

    model_provider = "cccc"

    [model_providers.cccc]
    name = "cccc"
    base_url = "{base}/v1"
    wire_api = "responses"
    experimental_bearer_token = "{token}"

OpenAI-compatible tools:

    export OPENAI_BASE_URL={base}/v1
    export OPENAI_API_KEY={token}

{token_note}
For good, with a diff, a copy of your file and a way back (cccc setup restore):

    cccc setup claude-code
    cccc setup codex
    cccc setup openai
    cccc setup all

The same on a machine without Python (sh, and curl or wget; --restore goes back, --help says more):

    curl -fsS {base}/help/cccc-setup.sh | sh -s -- --url {base}{key}
    curl -fsS {base}/help/cccc-setup-claude-code.sh | sh -s -- --url {base}{key}
    curl -fsS {base}/help/cccc-setup-codex.sh | sh -s -- --url {base}{key}

And in PowerShell:

    irm {base}/help/cccc-setup.ps1 -OutFile cccc-setup.ps1
    powershell -ExecutionPolicy Bypass -File cccc-setup.ps1 --url {base}{key}

Where HTTP_PROXY or HTTPS_PROXY is set, these clients send even loopback traffic through it, unless

    export NO_PROXY=127.0.0.1,localhost

See {base}/health for the state of the endpoints, {base}/admin/ for what else can be seen.
"""

_ANY_TOKEN = "This proxy accepts any key from this machine; the clients only insist on having one.\n"
_OWN_TOKEN = "This proxy demands its token: put what `cccc token` prints in the place of {token}.\n"

_ADMIN = """\
cccc {version}

In a terminal:

    cccc attach            the screens, on this proxy
    cccc endpoints list    the endpoints and their health
    cccc requests -f       the requests as they come
    cccc why ID            why a request went where it went

The JSON interface below /admin/api/ asks for the token in the file admin.token of the state folder.
"""


def _base_url(request: Request) -> str:
    """Where this client reached us. ``localhost`` is written as the address we listen on: ``::1`` may be another's."""
    host = request.head.headers.get("host") or "127.0.0.1"
    name, colon, port = host.lower().partition(":")
    return f"http://127.0.0.1{colon}{port}" if name == "localhost" else f"http://{host}"


def help_routes(token_required: Callable[[], bool]) -> tuple[Route, ...]:
    """The routes of this module. ``token_required``: whether the proxy has a token of its own (``server.auth_token``)
    now; a changed configuration may give it one.
    """

    async def show_help(request: Request, responder: Responder) -> None:
        token, note = ("YOUR_CCCC_TOKEN", _OWN_TOKEN) if token_required() else ("cccc-local", _ANY_TOKEN)
        token_note = note.format(token=token)
        key = f" --key {token}" if token_required() else ""
        page = _HELP.format(version=__version__, base=_base_url(request), token=token, token_note=token_note, key=key)
        await send_text(responder, page)

    async def show_admin(request: Request, responder: Responder) -> None:
        await send_text(responder, _ADMIN.format(version=__version__, base=_base_url(request)))

    async def knock(request: Request, responder: Responder) -> None:
        await send_text(responder, f"cccc {__version__} is running; {_base_url(request)}/help says what to type\n")

    def serve(name: str) -> Handler:
        async def show_script(_: Request, responder: Responder) -> None:
            await send_text(responder, (await run_sync(script, name)).decode())

        return show_script

    rows = (
        ("GET", "/help", show_help),
        *(("GET", f"/help/{name}", serve(name)) for name in NAMES),
        ("GET", "/admin", show_admin),
        ("GET", "/admin/", show_admin),
        ("GET", "/", knock),
        ("HEAD", "/", knock),
        ("GET", "/api/hello", knock),
        ("HEAD", "/api/hello", knock),
    )
    return tuple(Route(method, path, handler, plain_refusal, Guard.NONE) for method, path, handler in rows)
