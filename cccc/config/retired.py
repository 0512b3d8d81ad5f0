"""Keys of the Go program of the same name that have no meaning here: they load with one warning that names them."""

from __future__ import annotations

from typing import Any

from cccc.config.problems import Path

_KEYS: dict[tuple[str, ...], frozenset[str]] = {
    (): frozenset(
        {
            "streaming", "tools", "http_client", "monitoring", "format_detection", "conversion", "retry", "i18n",
            "web_admin", "anthropic_endpoint", "openai_chat_endpoint", "openai_responses_endpoint",
        }
    ),
    ("server",): frozenset({"config_flush_interval", "config_max_dirty_time"}),
    ("tagging",): frozenset({"enabled"}),
    ("tagging", "taggers"): frozenset({"priority"}),
    ("validation", "python_json_fixing"): frozenset({"debug_logging"}),
    ("validation",): frozenset({"strict_anthropic_format", "validate_streaming", "disconnect_on_invalid"}),
    ("endpoints",): frozenset(
        {"rate_limit_reset", "rate_limit_status", "sse_config", "native_tool_support", "tool_enhancement_mode"}
    ),
    ("endpoints", "model_rewrite"): frozenset({"target_model"}),
}  # fmt: skip
"""Retired keys by the section that held them (without the positions of lists)."""


def without_retired(data: dict[str, Any]) -> tuple[dict[str, Any], list[Path]]:
    """The data without retired keys, and the paths that were left out, in the file's order."""
    gone: list[Path] = []
    return _cleaned(data, (), gone), gone


def _cleaned(value: Any, path: Path, gone: list[Path]) -> Any:
    if isinstance(value, list):
        return [_cleaned(item, (*path, i), gone) for i, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    retired = _KEYS.get(tuple(part for part in path if isinstance(part, str)), frozenset())
    kept = {}
    for key, item in value.items():
        if key in retired:
            gone.append((*path, key))
        else:
            kept[key] = _cleaned(item, (*path, key), gone)
    return kept
