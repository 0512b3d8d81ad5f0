"""The user's configuration: YAML or TOML, environment and options into one model with known sources."""
