"""The catalogue that gives Codex real limits of any model."""

from __future__ import annotations

from cccc.formats.openai_responses.catalogue import INSTRUCTIONS, catalogue

SMALLEST = {
    *("slug", "display_name", "supported_reasoning_levels", "shell_type", "visibility", "supported_in_api", "priority"),
    *("support_verbosity", "truncation_policy", "experimental_supported_tools", "base_instructions"),
}
"""What Codex 0.169.0 insists on."""


def test_every_model_has_all_that_codex_insists_on() -> None:
    entries = catalogue(("glm-5", "vendor/model"), {})
    assert [(entry["slug"], entry["priority"]) for entry in entries] == [("glm-5", 1), ("vendor/model", 2)]
    for entry in entries:
        assert entry.keys() >= SMALLEST
        assert entry["apply_patch_tool_type"] == "freeform"
        assert [level["effort"] for level in entry["supported_reasoning_levels"]] == ["low", "medium", "high"]


def test_only_a_known_context_window_is_told() -> None:
    known, unknown = catalogue(("a", "b"), {"a": 200_000})
    assert known["context_window"] == 200_000
    assert "context_window" not in unknown


def test_the_instructions_show_a_patch_that_codex_can_apply() -> None:
    patch = INSTRUCTIONS[INSTRUCTIONS.index("*** Begin Patch") : INSTRUCTIONS.index("*** End Patch")]
    assert [line for line in patch.splitlines() if line.startswith("*** ")] == [
        "*** Begin Patch",
        "*** Update File: path/to/file.py",
        "*** Add File: path/to/new.txt",
        "*** Delete File: path/to/old.txt",
    ]
