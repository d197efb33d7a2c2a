"""The settings of a client: one typed definition, from which documentation and schemas are generated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from fathom_indexer.config import Config

MAX_LIMIT = 200
"""The largest `limit` of a request."""

CLIENTS_OWN = frozenset({"search", "server", "trace"})
"""Names in a client's section of settings that the server ignores: they belong to the editor extension."""

_DEFAULT = Config()


@dataclass(frozen=True, slots=True)
class Rule:
    """The meaning and the valid values of a setting. Its type is the type of its default."""

    text: str
    """The description for users, in Markdown."""
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()


def _setting(default: Any, text: str, **limits: Any) -> Any:
    return field(default=default, metadata={"rule": Rule(text, **limits)})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a client. In JSON, names are in camel case; `docs/configuration.md` lists them."""

    limit: int = _setting(20, "Results of a request without a `limit`.", minimum=1, maximum=MAX_LIMIT)
    code_lens: bool = _setting(False, "Show the number of copies above functions that have some.")
    diagnostics: str = _setting(
        "off",
        "Report functions that are copies of others, with this severity. Hovering over one lists its copies.",
        choices=("off", "hint", "information", "warning", "error"),
    )
    typing_pause: int = _setting(
        150,
        "Milliseconds without a change after which an open document is indexed. A search sees the current text in any "
        "case.",
        minimum=0,
    )
    watcher: str = _setting(
        "auto",
        "What watches the files: the editor if it can, else the indexer (`auto`); always the indexer (`indexer`); or "
        "nothing (`off`), so that changes made outside the editor are found at the next start.",
        choices=("auto", "indexer", "off"),
    )
    exclude: tuple[str, ...] = _setting(
        _DEFAULT.exclude, "Gitignore-style patterns of files to leave out, in addition to ignore files."
    )
    max_file_bytes: int = _setting(_DEFAULT.max_file_bytes, "Larger files are left out.", minimum=1)
    model: str = _setting(
        _DEFAULT.model,
        "Folder of an encoder model, absolute or relative to the workspace folder. Empty: the packaged model.",
    )
    runtime: str = _setting(_DEFAULT.runtime, "The library that runs the encoder.", choices=("onnx", "torch"))
    history: bool = _setting(
        _DEFAULT.history,
        "Read the newest commits of the folder's git repository, so that searches find functions by what commits said "
        "of them. Needs the `git` command; nothing is fetched or written.",
    )
    vectors: str = _setting(
        _DEFAULT.vectors,
        "How vectors are searched. `auto`: exactly up to many thousand functions, then with HNSW if it is installed.",
        choices=("auto", "exact", "hnsw"),
    )
    threads: int = _setting(_DEFAULT.threads, "The number of threads of the encoder. 0: half of the cores.", minimum=0)
    linger: int = _setting(
        int(_DEFAULT.linger),
        "Seconds that a folder's indexer keeps running after the last editor has disconnected.",
        minimum=0,
    )
    low_priority: bool = _setting(_DEFAULT.low_priority, "Run the indexer with low priority.")
    pause_on_battery: bool = _setting(
        _DEFAULT.pause_on_battery, "Postpone work that is not urgent while the computer runs on battery."
    )
    pause_above_load: float = _setting(
        _DEFAULT.pause_above_load,
        "Processor load by other programs, from 0 to 1, above which the indexer postpones work that is not urgent. "
        "0: never.",
        minimum=0,
        maximum=1,
    )

    @property
    def indexer(self) -> Config:
        """The configuration of the indexer process: every setting that `Config` has under the same name."""
        known = {item.name for item in fields(Config)}
        return Config(**{item.name: getattr(self, item.name) for item in fields(self) if item.name in known})


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """A setting, as schemas and documentation describe it."""

    name: str
    """The name in JSON."""
    field: str
    """The name in `Settings`."""
    default: Any
    rule: Rule

    def requirement(self, value: Any) -> str | None:
        """The values that the setting takes, in words, if a value from JSON is not one of them; None if it is."""
        rule, low, high = self.rule, self.rule.minimum, self.rule.maximum
        if isinstance(self.default, bool):
            return None if isinstance(value, bool) else "true or false"
        if isinstance(self.default, str):
            if rule.choices:
                return None if value in rule.choices else f"one of {', '.join(rule.choices)}"
            return None if isinstance(value, str) else "a string"
        if isinstance(self.default, tuple):
            fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
            return None if fits else "a list of strings"
        kinds = (int, float) if isinstance(self.default, float) else int
        fits = isinstance(value, kinds) and not isinstance(value, bool)
        if fits and (low is None or value >= low) and (high is None or value <= high):
            return None
        kind = "a number" if isinstance(self.default, float) else "a whole number"
        return f"{kind} from {low} to {high}" if high is not None else f"{kind}, {low} or more"


SETTINGS: dict[str, SettingInfo] = {
    info.name: info
    for info in (
        SettingInfo(
            re.sub(r"_(\w)", lambda letter: letter[1].upper(), item.name),
            item.name,
            item.default,
            item.metadata["rule"],
        )
        for item in fields(Settings)
    )
}
"""The settings by their names in JSON."""


def read_settings(*sources: Any) -> tuple[Settings, list[str]]:
    """Settings, and a warning for the user about each value that was replaced by its default.

    `sources` are JSON objects from the client, or None; later ones take precedence.
    """
    values: dict[str, Any] = {}
    warnings: list[str] = []
    for source in sources:
        if source is None or source == []:  # Lua cannot tell an empty object from an empty list.
            continue
        if not isinstance(source, Mapping):
            warnings.append("Fathom: the settings must be an object. The defaults are used.")
            continue
        for name, value in source.items():
            info = SETTINGS.get(name)
            if info is None:
                if name not in CLIENTS_OWN:
                    warnings.append(f"Fathom: there is no setting {name!r}. It is ignored.")
            elif value is not None:
                if (expected := info.requirement(value)) is not None:
                    warnings.append(f"Fathom: the setting {name!r} must be {expected}. Its default is used.")
                    values.pop(info.field, None)
                else:
                    values[info.field] = tuple(value) if isinstance(value, list) else value
    return Settings(**values), list(dict.fromkeys(warnings))
