"""Configurations that several tests load."""

from __future__ import annotations

SEED = """\
server:
  host: 127.0.0.1
  port: 8081
  auto_sort_endpoints: true
endpoints:
  - name: anthropic-official
    url_anthropic: https://api.anthropic.com/v1/messages
    auth_type: api_key
    auth_value: YOUR_ANTHROPIC_API_KEY
    enabled: true
    priority: 1
    client_type: claude_code
    native_format: true
  - name: openai-official
    url_openai: https://api.openai.com/v1/responses
    auth_type: api_key
    auth_value: YOUR_OPENAI_API_KEY
    enabled: true
    priority: 1
    client_type: codex
    native_format: true
  - name: universal-provider
    url_openai: https://api.provider.com/v1/chat/completions
    auth_type: auth_token
    auth_value: YOUR_TOKEN
    enabled: true
    priority: 2
    client_type: ""
    native_format: false
    target_format: openai_chat
    model_rewrite:
      enabled: true
      rules:
        - source_pattern: claude-*
          target_model: provider-claude-model
logging:
  level: info
  log_directory: ./logs
"""
"""What users of the Go program have: it must load exactly as it stands."""

SEED_AS_TOML = """\
[server]
host = "127.0.0.1"
port = 8081
auto_sort_endpoints = true

[[endpoints]]
name = "anthropic-official"
url_anthropic = "https://api.anthropic.com/v1/messages"
auth_type = "api_key"
auth_value = "YOUR_ANTHROPIC_API_KEY"
enabled = true
priority = 1
client_type = "claude_code"
native_format = true

[[endpoints]]
name = "openai-official"
url_openai = "https://api.openai.com/v1/responses"
auth_type = "api_key"
auth_value = "YOUR_OPENAI_API_KEY"
enabled = true
priority = 1
client_type = "codex"
native_format = true

[[endpoints]]
name = "universal-provider"
url_openai = "https://api.provider.com/v1/chat/completions"
auth_type = "auth_token"
auth_value = "YOUR_TOKEN"
enabled = true
priority = 2
client_type = ""
native_format = false
target_format = "openai_chat"

[endpoints.model_rewrite]
enabled = true

[[endpoints.model_rewrite.rules]]
source_pattern = "claude-*"
target_model = "provider-claude-model"

[logging]
level = "info"
log_directory = "./logs"
"""
