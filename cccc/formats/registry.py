"""The one table of the wire formats: by name, and by the paths that they serve."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cccc.domain.endpoint import Action, WireFormat
from cccc.formats.anthropic.codec import AnthropicCodec
from cccc.formats.openai_chat.codec import OpenAIChatCodec
from cccc.formats.openai_responses.codec import OpenAIResponsesCodec
from cccc.ir.codec import Codec

CODECS: Mapping[WireFormat, Codec] = MappingProxyType(
    {codec.wire_format: codec for codec in (AnthropicCodec(), OpenAIChatCodec(), OpenAIResponsesCodec())}
)

BY_PATH: Mapping[str, tuple[Codec, Action]] = MappingProxyType(
    {path: (codec, action) for codec in CODECS.values() for path, action in codec.paths.items()}
)
"""What a path asks for, and in which format."""

OTHERS: Mapping[WireFormat, frozenset[WireFormat]] = MappingProxyType(
    {own: frozenset(CODECS) - {own} if own in CODECS else frozenset() for own in WireFormat}
)
"""Into which formats a request of each can be converted."""
