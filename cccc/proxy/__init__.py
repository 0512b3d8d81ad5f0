"""The running thing: it owns connections, tasks and state, and carries every request through its life."""
