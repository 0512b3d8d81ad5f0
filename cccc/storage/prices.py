"""What models cost, from the table that comes with ``genai-prices``; nothing is fetched.

The table takes about 0.2 s and 15 MB to load, so it is loaded when a price is first asked for, which the store does
on its writer's thread. The package states no date of its own: the newest price change in it that has come into force
says how fresh it is at least.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cccc.clock import Clock
from cccc.domain.usage import Price

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

PACKAGE = "genai-prices"

_DATE = re.compile(r"[-@](20\d{2}-?\d{2}-?\d{2}|\d{4})(?=$|[-:@])")
_REGION = re.compile(r"^(?:us|eu|apac|global)\.")
_REVISION = re.compile(r"(?:-v\d+)?:[\w.-]+$")


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Which table is in use. ``newest`` is the newest price change in it that has come into force."""

    package: str
    version: str
    newest: date | None


_MAKERS = (
    "anthropic",
    "openai",
    "google",
    "deepseek",
    "zai",
    "moonshotai",
    "minimax",
    "x-ai",
    "mistral",
    "meta",
    "cohere",
)
"""Whose own price list counts, whoever serves the model; then the one that lists most models of others."""

_RESELLER = "openrouter"


class Prices:
    """Looks prices up by the names that clients and endpoints use for models."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._models: dict[str, ModelInfo | None] = {}

    def price(self, model: str, *, at: float | None = None, prompt_tokens: int = 0) -> Price | None:
        """USD per million tokens, or ``None`` for a model that the table does not know.

        ``at`` is the wall time of the request (some prices depend on the hour), ``prompt_tokens`` its length (some
        rise with it); without them: now, and a short one. Vendor and region prefixes (``anthropic/…``,
        ``us.anthropic.…``) and date suffixes are seen through. The first call loads the table.
        """
        if model not in self._models:
            self._models[model] = _find(model)
        return self.known(model, at=at, prompt_tokens=prompt_tokens)

    def known(self, model: str, *, at: float | None = None, prompt_tokens: int = 0) -> Price | None:
        """As ``price``, but only for models that were looked up before: loads nothing."""
        found = self._models.get(model)
        if found is None:
            return None
        moment = datetime.fromtimestamp(self._clock.now() if at is None else at, UTC)
        return _price(found.get_prices(moment), prompt_tokens)

    def context_window(self, model: str) -> int | None:
        """How many tokens a prompt may have, where the table says so. Loads the table."""
        if model not in self._models:
            self._models[model] = _find(model)
        found = self._models[model]
        return None if found is None else found.context_window

    def table(self) -> PriceTable:
        """Which table these prices come from, and how fresh it is. Loads the table."""
        from importlib.metadata import version

        today = datetime.fromtimestamp(self._clock.now(), UTC).date()
        return PriceTable(PACKAGE, version(PACKAGE), _newest_change(today))


def _find(model: str) -> ModelInfo | None:
    from genai_prices.data_snapshot import get_snapshot

    providers = {provider.id: provider for provider in get_snapshot().providers}
    for name in _names(model):
        for maker in _MAKERS:
            if maker in providers and (found := providers[maker].find_model(name)) is not None:
                return found
    reseller = providers.get(_RESELLER)
    return None if reseller is None else reseller.find_model(model.lower())


def _names(model: str) -> Iterator[str]:
    """The spellings under which a model may be listed, from the most to the least specific."""
    whole = model.lower()
    name = _REGION.sub("", whole).rsplit("/", 1)[-1]
    plain = _REVISION.sub("", name)
    vendor, dot, rest = plain.partition(".")
    if dot and vendor.isalpha():
        plain = rest
    undated = _DATE.sub("", plain)
    yield from dict.fromkeys((whole, name, plain, undated, undated.replace(".", "-")))


def _price(found: ModelPrice, prompt_tokens: int) -> Price | None:
    if found.input_mtok is None or found.output_mtok is None:
        return None
    return Price(
        input=_usd(found.input_mtok, prompt_tokens),
        output=_usd(found.output_mtok, prompt_tokens),
        cache_read=None if found.cache_read_mtok is None else _usd(found.cache_read_mtok, prompt_tokens),
        cache_write=None if found.cache_write_mtok is None else _usd(found.cache_write_mtok, prompt_tokens),
    )


def _usd(price: Decimal | TieredPrices, prompt_tokens: int) -> float:
    """Crossing a tier's start puts all tokens of the turn on its price."""
    if isinstance(price, Decimal):
        return float(price)
    reached = [tier.price for tier in price.tiers if prompt_tokens > tier.start]
    return float(reached[-1] if reached else price.base)


def _newest_change(today: date) -> date | None:
    from genai_prices.data_snapshot import get_snapshot
    from genai_prices.types import StartDateConstraint

    changes = (
        price.constraint.start_date
        for provider in get_snapshot().providers
        for model in provider.models
        if isinstance(model.prices, list)
        for price in model.prices
        if isinstance(price.constraint, StartDateConstraint)
    )
    return max((change for change in changes if change <= today), default=None)
