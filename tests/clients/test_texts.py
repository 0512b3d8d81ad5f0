"""JSON, TOML and shell files edited in place: what is added where, what stays, and what is refused."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.clients import claude_code, codex, openai_env
from cccc.clients.syntax import at
from cccc.errors import ConfigError
from tests.clients.files import CLAUDE, CODEX, ENV, TARGET, set_up, take_back

TWO = {("env", "A"): "1", ("env", "B"): 'x"y'}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '{\n  "env": {\n    "A": "1",\n    "B": "x\\"y"\n  }\n}\n'),
        ("{}", '{\n  "env": {\n    "A": "1",\n    "B": "x\\"y"\n  }\n}'),
        ('{"a":1}', '{"a":1,"env":{"A":"1","B":"x\\"y"}}'),
        ('{"a": 1, "b": 2}', '{"a": 1, "b": 2, "env": {"A": "1", "B": "x\\"y"}}'),
        ('{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "env": {\n    "A": "1",\n    "B": "x\\"y"\n  }\n}\n'),
        (
            '{\r\n\t"env": {\r\n\t\t"X": "1"\r\n\t},\r\n\t"p": []\r\n}',
            '{\r\n\t"env": {\r\n\t\t"X": "1",\r\n\t\t"A": "1",\r\n\t\t"B": "x\\"y"\r\n\t},\r\n\t"p": []\r\n}',
        ),
        ('{"env":{"A":"o","A":"p"},"n":1e2}', '{"env":{"A":"o","A":"1","B":"x\\"y"},"n":1e2}'),
        ('\ufeff{\n "env": {"C":1}\n}\n', '\ufeff{\n "env": {"C":1,"A":"1","B":"x\\"y"}\n}\n'),
    ],
)
def test_json_gets_its_neighbours_looks(before: str, after: str) -> None:
    assert CLAUDE.changed(before.encode(), TWO).decode() == after


TABLE = '\n[model_providers.cccc]\nname = "cccc"\n'
ONE = {("model_provider",): "cccc", ("model_providers", "cccc", "name"): "cccc"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f'model_provider = "cccc"\n{TABLE}'),
        ("# top\n\n[a]\nx=1 # c\n", f'model_provider = "cccc"\n# top\n\n[a]\nx=1 # c\n{TABLE}'),
        (
            'model = "m"\n\n# about mcp\n[mcp_servers.x]\ncommand="sh"\n',
            f'model = "m"\nmodel_provider = "cccc"\n\n# about mcp\n[mcp_servers.x]\ncommand="sh"\n{TABLE}',
        ),
        ("model_provider = 'old' # mine\n[t]\nx=1", f"model_provider = 'cccc' # mine\n[t]\nx=1\n{TABLE}"),
        (
            "a=1\r\n\r\n[b]\r\nc=2\r\n",
            'a=1\r\nmodel_provider = "cccc"\r\n\r\n[b]\r\nc=2\r\n\r\n[model_providers.cccc]\r\nname = "cccc"\r\n',
        ),
        (
            'x = """\n[a]\n"""\ny = [\n[1],\n]\n[[l]]\nz=1\n',
            f'x = """\n[a]\n"""\ny = [\n[1],\n]\nmodel_provider = "cccc"\n[[l]]\nz=1\n{TABLE}',
        ),
        (
            'model_providers.old.name = "x"\n[t]\ny=1\n',
            'model_providers.old.name = "x"\nmodel_providers.cccc.name = "cccc"\nmodel_provider = "cccc"\n[t]\ny=1\n',
        ),
        (
            '[model_providers.cccc] # mine\nname="me" # my\nenv_key="K"\n# about t\n[t]\n',
            'model_provider = "cccc"\n[model_providers.cccc] # mine\nname="cccc" # my\nenv_key="K"\n# about t\n[t]\n',
        ),
    ],
)
def test_toml_keeps_what_stands_there(before: str, after: str) -> None:
    assert CODEX.changed(before.encode(), ONE).decode() == after


def test_toml_goes_into_an_inline_table() -> None:
    text = CODEX.changed(b'model_providers = { x = { name = "x" } } # mine\n', ONE).decode()
    assert tomllib.loads(text)["model_providers"] == {"x": {"name": "x"}, "cccc": {"name": "cccc"}}
    assert "# mine" in text


def test_shell_lines_are_replaced_or_added() -> None:
    before = b"# mine\nexport A=old\nexport B='b c' # why\necho hi\nexport A=older\n"
    after = ENV.changed(before, {("A",): "it's", ("C",): "$(x)", ("B",): None})
    assert after == b"# mine\necho hi\nexport A='it'\"'\"'s'\nexport C='$(x)'\n"


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        (
            CLAUDE,
            b'{\n "a": 1,\n}',
            "~/.claude/settings.json:2:8: cannot be read as JSON (trailing comma is not allowed)",
        ),
        (CLAUDE, b"// why\n{}", "~/.claude/settings.json:1:1: cannot be read as JSON"),
        (CLAUDE, b"[]", "~/.claude/settings.json:1: holds no JSON object"),
        (CLAUDE, b'{"a":\n"\xff"}', "~/.claude/settings.json:2: is not UTF-8 text"),
        (CLAUDE, b'{"env": null}', "~/.claude/settings.json: is written in a way that cannot be edited safely"),
        (CLAUDE, b'{"env": []}', "~/.claude/settings.json: is written in a way that cannot be edited safely"),
        (CLAUDE, b'{"a":' * 3000, "~/.claude/settings.json:1:"),
        (CODEX, b'a = 1\nb = "k-secret\n', "~/.codex/config.toml:2:"),
        (CODEX, b"a = 1\na = 2", "~/.codex/config.toml:"),
        (CODEX, b'model_providers = "x"\n', "~/.codex/config.toml: is written in a way that cannot be edited safely"),
        (ENV, b"export A='x\n", "~/.config/cccc/env.sh:1: has a quote that is not closed"),
    ],
)
def test_what_cannot_be_edited_is_left_alone_and_says_why(file: Any, text: bytes, says: str) -> None:
    wanted = {CLAUDE: claude_code, CODEX: codex, ENV: openai_env}[file].wanted(TARGET)
    with pytest.raises(ConfigError) as caught:
        file.changed(text, {one.path: one.value for one in wanted})
    told = str(caught.value)
    assert told.startswith(says)
    assert "cccc did not touch it. " in told
    assert told.endswith(f"or run: {file.command} --dry-run")
    assert "k-secret" not in told


def test_the_golden_sentence() -> None:
    text = b"# 1\n# 2\n# 3\n# 4\n# 5\n# 6\nmodel_provider = x\n"
    with pytest.raises(ConfigError) as caught:
        CODEX.changed(text, ONE)
    assert str(caught.value) == (
        "~/.codex/config.toml:7:18: cannot be read as TOML (Invalid value). cccc did not touch it. "
        "Fix line 7, or run: cccc setup codex --dry-run"
    )


KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.builds(
    lambda tree, env, indent, separators: json.dumps(
        {**tree, **({} if env is None else {"env": env})}, indent=indent, separators=separators, ensure_ascii=False
    ),
    st.dictionaries(KEYS.filter(lambda key: key != "env"), JSON_VALUES, max_size=4),
    st.none() | st.dictionaries(st.sampled_from(["FOO", "API_TIMEOUT_MS", "ANTHROPIC_BASE_URL"]), KEYS, max_size=3),
    st.sampled_from([None, 1, 2, 4, "\t"]),
    st.sampled_from([(", ", ": "), (",", ":")]),
)


@given(DOCUMENTS)
def test_json_is_the_same_after_a_set_up_and_its_undoing(text: str) -> None:
    after, record = set_up(CLAUDE, text, claude_code.wanted(TARGET))
    assert json.loads(after)["env"]["ANTHROPIC_BASE_URL"] == TARGET.url
    back, conflicts = take_back(CLAUDE, after, record)
    assert conflicts == ()
    assert json.loads(back) == json.loads(text)
    if json.loads(text).get("env") and len(json.loads(text)) > 1:
        assert back == text, "where nothing has to be collapsed even the bytes are the same"


TOML_VALUES = st.sampled_from(
    ["1", '"s"', "'l'", '"""\n[x]\n"""', "[\n[1],\n2 # c\n]", "{a = 1, b = {c = 2}}", "1979-05-27"]
)
STATEMENTS = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), TOML_VALUES, st.sampled_from(["", " # why", "\n", "\n# lone"])),
    max_size=4,
    unique_by=lambda one: one[0],
)
HEADERS = st.lists(
    st.sampled_from(["[t]", "[model_providers.old]", '[projects."/a.b"]', "[[l]]", "[mcp_servers.x] # c"]),
    max_size=4,
    unique=True,
)


@st.composite
def toml_texts(draw: st.DrawFn) -> str:
    def block() -> str:
        return "".join(f"{key} = {value}{tail}\n" for key, value, tail in draw(STATEMENTS))

    newline = draw(st.sampled_from(["\n", "\r\n"]))
    top = draw(st.sampled_from(["", "# head\n", 'model_provider = "old" # mine\n', 'model_providers.q.name = "z"\n']))
    headers = [one for one in draw(HEADERS) if not (one.startswith("[model_providers") and ".q." in top)]
    return (top + block() + "".join(f"\n{header}\n{block()}" for header in headers)).replace("\n", newline)


@given(toml_texts())
def test_toml_is_the_same_after_a_set_up_and_its_undoing(text: str) -> None:
    wanted = codex.wanted(TARGET)
    after, record = set_up(CODEX, text, wanted, (codex.TABLE,))
    assert at(tomllib.loads(after), codex.ANCHOR) == f"{TARGET.url}/v1"
    kept = [line for line in text.splitlines() if not line.startswith("model_provider =")]
    remaining = iter(after.splitlines())
    assert all(line in remaining for line in kept), "every line of before stays, in its order"
    back, conflicts = take_back(CODEX, after, record)
    assert conflicts == ()
    assert tomllib.loads(back) == tomllib.loads(text)
    assert back.strip() == text.strip()


@given(st.dictionaries(st.sampled_from(["A", "OPENAI_API_KEY", "OPENAI_BASE_URL"]), st.text("ab'$ #\\", max_size=5)))
def test_shell_is_the_same_after_a_set_up_and_its_undoing(values: dict[str, str]) -> None:
    text = ENV.changed(b"# mine\n", {(name,): value for name, value in values.items()}).decode()
    assert ENV.tree(text.encode()) == values
    after, record = set_up(ENV, text, openai_env.wanted(TARGET))
    back, conflicts = take_back(ENV, after, record)
    assert (ENV.tree(back.encode()), conflicts) == (values, ())
