"""CCCC, the Claude Code and Codex Companion: a local API proxy for AI coding assistants."""

__version__ = "0.1.0"
