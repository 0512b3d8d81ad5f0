from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cccc.domain.usage import Price
from cccc.storage.prices import Prices
from tests.clock import ManualClock

PUBLISHED = json.loads((Path(__file__).parent / "published_prices.json").read_text())
TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()


@pytest.fixture(scope="module")
def prices() -> Prices:
    return Prices(ManualClock(TODAY))


@pytest.mark.parametrize("model", PUBLISHED["models"])
def test_prices_agree_with_another_list(prices: Prices, model: str) -> None:
    published = PUBLISHED["models"][model]
    price = prices.price(model)
    assert price is not None
    assert (price.input, price.output) == (published["input"], published["output"])
    if price.cache_read is not None and "cache_read" in published:
        assert price.cache_read == published["cache_read"]
    if price.cache_write is not None and "cache_write" in published:
        assert price.cache_write == published["cache_write"]


@pytest.mark.parametrize(
    ("spelt", "plain"),
    [
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("openrouter/anthropic/claude-opus-4.5", "claude-opus-4-5"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5"),
        ("claude-opus-4-5-20251101[1m]", "claude-opus-4-5"),
        ("openai/gpt-5", "gpt-5"),
        ("gpt-5.2-2025-12-11", "gpt-5.2"),
        ("gpt-5.2-20251211", "gpt-5.2"),
        ("z-ai/glm-4.6", "glm-4.6"),
        ("GLM-4.6", "glm-4.6"),
        ("moonshotai/kimi-k2.5", "kimi-k2.5"),
    ],
)
def test_prefixes_and_dates_are_seen_through(prices: Prices, spelt: str, plain: str) -> None:
    assert prices.price(spelt) == prices.price(plain) is not None


@pytest.mark.parametrize("model", ["", "provider-claude-model", "nobody-knows-it", "/", "-20250101", "a" * 5000])
def test_unknown_models_have_no_price(prices: Prices, model: str) -> None:
    assert prices.price(model) is None
    assert prices.context_window(model) is None


def test_long_prompts_reach_the_next_step(prices: Prices) -> None:
    model = "claude-sonnet-4-5"
    short, longer = prices.price(model, prompt_tokens=200_000), prices.price(model, prompt_tokens=200_001)
    assert short == prices.price(model) == Price(input=3.0, output=15.0, cache_read=0.3, cache_write=3.75)
    assert longer is not None
    assert (longer.input, longer.output) == (6.0, 22.5)


def test_known_looks_nothing_up() -> None:
    prices = Prices(ManualClock(TODAY))
    assert prices.known("gpt-5") is None
    price = prices.price("gpt-5")
    assert prices.known("gpt-5") == price is not None


def test_the_table_says_how_fresh_it_is(prices: Prices) -> None:
    table = prices.table()
    assert table.package == "genai-prices"
    assert table.version
    assert table.newest is not None
    assert date(2026, 1, 1) < table.newest <= date(2026, 11, 20)


def test_context_windows(prices: Prices) -> None:
    assert prices.context_window("claude-haiku-4-5-20251001") == 200_000
