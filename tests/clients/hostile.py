"""What somebody could try to have written into files that are run: 48 strings."""

from __future__ import annotations

CANARY = "cccc-canary"

HOSTILE: tuple[str, ...] = (
    "", " ", "plain", "it's", 'say "hi"', "back\\slash", "tab\there", "line\nbreak", "cr\rhere", "nul\x00here",
    f"$(touch {CANARY})", f"`touch {CANARY}`", f"'; touch {CANARY}; '", f'"; touch {CANARY}; "', f"| touch {CANARY}",
    f"& touch {CANARY}", f"&& touch {CANARY}", f"; touch {CANARY} #", f"$(touch${{IFS}}{CANARY})",
    f"\ntouch {CANARY}\n",
    f"'\ntouch {CANARY}\n'", f"%COMSPEC% /c echo x>{CANARY}", f"^& echo x>{CANARY}", f"!x! & echo>{CANARY}",
    f"$(New-Item {CANARY})", f"'; New-Item {CANARY}; '", f"\u2019; New-Item {CANARY}; \u2018", f"@(touch {CANARY})",
    f"(touch {CANARY})", f"');touch {CANARY};('", '"\n[mcp_servers.x]\ncommand="sh"\nargs=["-c","touch x"]\n#',
    '"""\n[mcp_servers.x]\ncommand="sh"\n"""', "'''\n[x]\ny=1\n'''", '"}, "hooks": {"Stop": []}, "x": {"y": "',
    '\\", "apiKeyHelper": "touch x', "\\u0022, \\u0022a", "${HOME}", "$HOME", "~root", "*", "{a,b}", "!!", "#comment",
    "\u2028", "\ud800", "\x1b[2J\x1b]52;c;x\x07", "\u202eevil", "\ufeff", "=", "x" * 600,
)[:48]  # fmt: skip
