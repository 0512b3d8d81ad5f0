"""The user's configuration: YAML or TOML, environment and options into one model with known sources.

``load`` is the way in; it reads files and changes nothing, so the proxy calls it again to reload.
"""

from cccc.config.loading import AUTO, AutoToken, Loaded, current_digest, load, load_text, restart_keys

__all__ = ["AUTO", "AutoToken", "Loaded", "current_digest", "load", "load_text", "restart_keys"]
