"""What is known of models by their names, as far as a converted request depends on it.

Vendors refuse requests over these few things, and no request can ask them. Names are matched without a vendor's prefix
(``anthropic/claude-…``) and without regard to case; what no row names is left open, and learned from refusals.
Sources: the vendors' API references and price lists of 2026; for ``adaptive`` Anthropic's guide to adaptive thinking;
for ``reasoning_back`` DeepSeek's guide to thinking mode and Moonshot's to Kimi's thinking models (a tool call without
its ``reasoning_content`` is refused).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cccc.domain.rewrite import matches


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """``max_output`` in tokens. ``efforts``: the words for reasoning effort that it takes, ``None`` where not known.

    ``adaptive``: it takes no budget of tokens for thinking, only an effort (Anthropic). ``fixed_temperature``: it takes
    none but its own. ``reasoning_back``: it refuses tool calls of earlier turns that come without the reasoning before
    them.
    """

    max_output: int | None = None
    efforts: frozenset[str] | None = None
    adaptive: bool = False
    fixed_temperature: bool = False
    reasoning_back: bool = False


_NO_EFFORT: frozenset[str] = frozenset()
_LOW_TO_HIGH = frozenset({"low", "medium", "high"})
_FROM_MINIMAL = _LOW_TO_HIGH | {"minimal"}
_FROM_NONE = _LOW_TO_HIGH | {"none"}
_ALL = _FROM_NONE | {"xhigh"}

_ROWS: tuple[tuple[str, ModelFacts], ...] = (
    # Anthropic
    ("claude-3[-.]5-*", ModelFacts(max_output=8_192)),
    ("claude-3[-.]7-*", ModelFacts(max_output=64_000)),
    ("claude-3-*", ModelFacts(max_output=4_096)),
    ("claude-opus-4[-.]0*", ModelFacts(max_output=32_000)),
    ("claude-opus-4[-.]1*", ModelFacts(max_output=32_000)),
    ("claude-opus-4[-.]2*", ModelFacts(max_output=32_000)),
    ("claude-opus-4[-.]5*", ModelFacts(max_output=64_000)),
    ("claude-sonnet-4[-.]0*", ModelFacts(max_output=64_000)),
    ("claude-sonnet-4[-.]2*", ModelFacts(max_output=64_000)),
    ("claude-sonnet-4[-.]5*", ModelFacts(max_output=64_000)),
    ("claude-haiku-4[-.]*", ModelFacts(max_output=64_000)),
    ("claude-*-4[-.]6*", ModelFacts(max_output=128_000, efforts=_LOW_TO_HIGH, adaptive=True)),
    (
        "claude-*",
        ModelFacts(max_output=128_000, efforts=_LOW_TO_HIGH | {"xhigh"}, adaptive=True, fixed_temperature=True),
    ),
    # OpenAI
    ("gpt-5*-chat*", ModelFacts(max_output=16_384, efforts=frozenset({"medium"}), fixed_temperature=True)),
    ("gpt-5-pro*", ModelFacts(max_output=272_000, efforts=frozenset({"high"}), fixed_temperature=True)),
    ("gpt-5-codex*", ModelFacts(max_output=128_000, efforts=_LOW_TO_HIGH, fixed_temperature=True)),
    ("gpt-5-*", ModelFacts(max_output=128_000, efforts=_FROM_MINIMAL, fixed_temperature=True)),
    ("gpt-5", ModelFacts(max_output=128_000, efforts=_FROM_MINIMAL, fixed_temperature=True)),
    ("gpt-5.1-codex-max*", ModelFacts(max_output=128_000, efforts=_ALL, fixed_temperature=True)),
    ("gpt-5.1*", ModelFacts(max_output=128_000, efforts=_FROM_NONE, fixed_temperature=True)),
    ("gpt-5.*", ModelFacts(max_output=128_000, efforts=_ALL, fixed_temperature=True)),
    ("gpt-6*", ModelFacts(max_output=128_000, efforts=_ALL, fixed_temperature=True)),
    ("gpt-4.1*", ModelFacts(max_output=32_768, efforts=_NO_EFFORT)),
    ("gpt-4o*", ModelFacts(max_output=16_384, efforts=_NO_EFFORT)),
    ("gpt-4*", ModelFacts(max_output=4_096, efforts=_NO_EFFORT)),
    ("gpt-3.5*", ModelFacts(max_output=4_096, efforts=_NO_EFFORT)),
    ("o[134]*", ModelFacts(max_output=100_000, efforts=_LOW_TO_HIGH, fixed_temperature=True)),
    # others
    ("deepseek-chat*", ModelFacts(max_output=8_192)),
    ("deepseek-v3", ModelFacts(max_output=8_192)),
    ("deepseek-*", ModelFacts(reasoning_back=True)),
    ("kimi-k2-thinking*", ModelFacts(reasoning_back=True)),
    ("kimi-k2-*", ModelFacts()),
    ("kimi-*", ModelFacts(fixed_temperature=True, reasoning_back=True)),
    ("glm-4.[5-9]*", ModelFacts(reasoning_back=True)),
    ("glm-5*", ModelFacts(reasoning_back=True)),
    ("minimax-m*", ModelFacts(reasoning_back=True)),
    ("mimo-*", ModelFacts(reasoning_back=True)),
)
"""The first row that fits holds. GLM and MiniMax do not insist on their reasoning, but do better with it."""

_UNKNOWN = ModelFacts()


@lru_cache(maxsize=1_000)
def model_facts(model: str | None) -> ModelFacts:
    """What is known of a model; empty for one that nobody knows."""
    if model is None:
        return _UNKNOWN
    name = model.rsplit("/", 1)[-1].lower()
    return next((facts for pattern, facts in _ROWS if matches(pattern, name)), _UNKNOWN)
