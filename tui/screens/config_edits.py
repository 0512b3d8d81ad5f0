"""What was changed in the form and not saved yet: new values by key, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field

from cccc.control.api import ConfigField, ConfigSection
from tui import format as fmt


@dataclass(slots=True)
class Edits:
    """``values`` as ``config_save`` takes them; ``problems`` by the same keys."""

    values: dict[str, str | None] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.values)

    def __contains__(self, setting: ConfigField) -> bool:
        return setting.key in self.values

    def change(self, setting: ConfigField, value: str | None) -> bool:
        """Give it a value; whether that is another than it has."""
        self.problems.pop(setting.key, None)
        if value == setting.value:
            self.values.pop(setting.key, None)
            return False
        self.values[setting.key] = value
        return True

    def judge(self, key: str, wrong: str | None) -> None:
        """Keep what is wrong with a value, or that nothing is."""
        if wrong is None:
            self.problems.pop(key, None)
        else:
            self.problems[key] = wrong

    def drop_problem(self, key: str) -> None:
        """Its value is typed no longer: what was wrong with that does not count."""
        if key not in self.values:
            self.problems.pop(key, None)

    def clear(self) -> None:
        """Forget all of them."""
        self.values.clear()
        self.problems.clear()

    def counted(self, section: ConfigSection | None = None) -> str:
        """How many, of all or of one section, in words."""
        if section is None:
            return fmt.counted(len(self.values), "edit")
        number = sum(setting in self for setting in section.fields)
        return fmt.counted(number, "edit") if number else ""
