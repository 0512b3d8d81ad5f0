"""Providers whose addresses are known, for the wizard and ``cccc endpoints add --preset``.

Addresses come from the providers' own API references. A full URL stands where a provider speaks one OpenAI API only, so
that nothing has to be learned; a base where it speaks both.
"""

from __future__ import annotations

from types import MappingProxyType

from cccc.control.api import AuthType, Preset
from cccc.errors import ConfigError

_ANY_KEY = "Needs no key of its own: any word will do."


def _preset(
    name: str,
    title: str,
    *,
    anthropic: str | None = None,
    openai: str | None = None,
    key_env: str | None = None,
    auth: AuthType = AuthType.AUTH_TOKEN,
    note: str = "",
) -> Preset:
    urls = {key: url for key, url in (("url_anthropic", anthropic), ("url_openai", openai)) if url is not None}
    return Preset(name, title, MappingProxyType(urls), auth, key_env, note)


PRESETS: tuple[Preset, ...] = (
    _preset(
        "anthropic", "Anthropic", anthropic="https://api.anthropic.com/v1/messages", key_env="ANTHROPIC_API_KEY",
        auth=AuthType.API_KEY,
    ),
    _preset("openai", "OpenAI", openai="https://api.openai.com/v1", key_env="OPENAI_API_KEY"),
    _preset(
        "openrouter", "OpenRouter", anthropic="https://openrouter.ai/api/v1/messages",
        openai="https://openrouter.ai/api/v1/chat/completions", key_env="OPENROUTER_API_KEY",
    ),
    _preset(
        "deepseek", "DeepSeek", anthropic="https://api.deepseek.com/anthropic/v1/messages",
        openai="https://api.deepseek.com/chat/completions", key_env="DEEPSEEK_API_KEY",
    ),
    _preset(
        "glm", "GLM (z.ai)", anthropic="https://api.z.ai/api/anthropic/v1/messages",
        openai="https://api.z.ai/api/paas/v4/chat/completions", key_env="ZAI_API_KEY",
    ),
    _preset(
        "kimi", "Kimi (Moonshot AI)", anthropic="https://api.moonshot.ai/anthropic/v1/messages",
        openai="https://api.moonshot.ai/v1/chat/completions", key_env="MOONSHOT_API_KEY",
        note="Keys of the platform in China belong to api.moonshot.cn.",
    ),
    _preset(
        "minimax", "MiniMax", anthropic="https://api.minimax.io/anthropic/v1/messages",
        openai="https://api.minimax.io/v1/chat/completions", key_env="MINIMAX_API_KEY",
        note="Keys of the platform in China belong to api.minimaxi.com.",
    ),
    _preset(
        "qwen", "Qwen (Alibaba Cloud Model Studio)",
        openai="https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions", key_env="DASHSCOPE_API_KEY",
        note="Keys of the Beijing region belong to dashscope.aliyuncs.com.",
    ),
    _preset("groq", "Groq", openai="https://api.groq.com/openai/v1/chat/completions", key_env="GROQ_API_KEY"),
    _preset("mistral", "Mistral", openai="https://api.mistral.ai/v1/chat/completions", key_env="MISTRAL_API_KEY"),
    _preset(
        "together", "Together AI", openai="https://api.together.xyz/v1/chat/completions", key_env="TOGETHER_API_KEY",
    ),
    _preset(
        "fireworks", "Fireworks AI", openai="https://api.fireworks.ai/inference/v1/chat/completions",
        key_env="FIREWORKS_API_KEY",
    ),
    _preset("ollama", "Ollama", openai="http://127.0.0.1:11434/v1/chat/completions", note=_ANY_KEY),
    _preset("lmstudio", "LM Studio", openai="http://127.0.0.1:1234/v1/chat/completions", note=_ANY_KEY),
    _preset(
        "vllm", "vLLM", openai="http://127.0.0.1:8000/v1/chat/completions",
        note="Any word will do as the key, unless the server was started with --api-key.",
    ),
    _preset(
        "azure", "Azure OpenAI", openai="https://RESOURCE.openai.azure.com/openai/v1", key_env="AZURE_OPENAI_API_KEY",
        note="Put the name of your resource in place of RESOURCE; models are the names of your deployments.",
    ),
)  # fmt: skip


def preset(name: str) -> Preset:
    """The preset of that name. Raises ``ConfigError`` that lists the names."""
    for one in PRESETS:
        if one.name == name.lower():
            return one
    raise ConfigError([f"no preset is named {name!r}; there are: {', '.join(one.name for one in PRESETS)}"])
