"""Everything that a client can set: one typed definition, from which documentation and schemas are generated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from fathom_indexer.config import Config

MAX_LIMIT = 200
"""The most results that a request may ask for."""

CLIENTS_OWN = frozenset({"search", "server", "trace"})
"""Names in a client's section of settings that are its own business."""

_DEFAULT = Config()


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting means and which values fit; its type is that of its default."""

    text: str
    """For users, Markdown."""
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()


def _setting(default: Any, text: str, **limits: Any) -> Any:
    return field(default=default, metadata={"rule": Rule(text, **limits)})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a client can set. On the wire names are in camel case; `docs/configuration.md` lists them."""

    limit: int = _setting(20, "Results of a request that does not say how many it wants.", minimum=1, maximum=MAX_LIMIT)
    code_lens: bool = _setting(False, "Show above functions how many similar ones there are.")
    diagnostics: str = _setting(
        "off",
        "Report functions that are copies of others, with this severity. Hovering over one lists the others.",
        choices=("off", "hint", "information", "warning", "error"),
    )
    typing_pause: int = _setting(
        150,
        "Milliseconds without a change after which an open document is prepared for searches, which see it as it is "
        "in any case.",
        minimum=0,
    )
    watcher: str = _setting(
        "auto",
        "Who watches the files: the editor where it can and else the indexer (`auto`), the indexer, or nobody (`off`): "
        "then changes from outside the editor are found at the next start.",
        choices=("auto", "indexer", "off"),
    )
    exclude: tuple[str, ...] = _setting(
        _DEFAULT.exclude, "Gitignore-style patterns of files to leave out, besides those in ignore files."
    )
    max_file_bytes: int = _setting(_DEFAULT.max_file_bytes, "Larger files are left out.", minimum=1)
    model: str = _setting(
        _DEFAULT.model,
        "Folder of an encoder, absolute or relative to the workspace folder. Empty: the one in the package.",
    )
    runtime: str = _setting(_DEFAULT.runtime, "What runs the encoder.", choices=("onnx", "torch"))
    history: bool = _setting(
        _DEFAULT.history,
        "Read the newest commits of the folder's git repository, so that searches find functions by what commits said "
        "of them. Needs the `git` command; nothing is fetched or written.",
    )
    vectors: str = _setting(
        _DEFAULT.vectors,
        "How vectors are searched. `auto`: exact up to many thousand functions, then HNSW where it is installed.",
        choices=("auto", "exact", "hnsw"),
    )
    threads: int = _setting(_DEFAULT.threads, "Threads of the encoder. 0: half of the cores.", minimum=0)
    linger: int = _setting(
        int(_DEFAULT.linger), "Seconds that a folder's indexer stays when the last editor has left it.", minimum=0
    )
    low_priority: bool = _setting(_DEFAULT.low_priority, "Whether the indexer gives way to other programs.")
    pause_on_battery: bool = _setting(
        _DEFAULT.pause_on_battery, "Whether the indexer leaves what can wait while there is no mains power."
    )
    pause_above_load: float = _setting(
        _DEFAULT.pause_above_load,
        "Share of the processor above which the work of others has the indexer leave what can wait. 0: never.",
        minimum=0,
        maximum=1,
    )

    @property
    def indexer(self) -> Config:
        """What the indexer process is told: every setting that `Config` knows by the same name."""
        known = {item.name for item in fields(Config)}
        return Config(**{item.name: getattr(self, item.name) for item in fields(self) if item.name in known})


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """A setting as schemas and pages describe it."""

    name: str
    """On the wire."""
    field: str
    """Of `Settings`."""
    default: Any
    rule: Rule

    def misfit(self, value: Any) -> str | None:
        """What a value read from JSON would have to be, in words; None when it fits."""
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
"""The settings by their names on the wire."""


def read_settings(*sources: Any) -> tuple[Settings, list[str]]:
    """Settings, and a warning for the user about each value that was replaced by its default.

    Sources are what clients send, JSON objects or None; a later one goes before those before it.
    """
    values: dict[str, Any] = {}
    warnings: list[str] = []
    for source in sources:
        if source is None or source == []:  # Lua cannot tell an empty object from an empty list.
            continue
        if not isinstance(source, Mapping):
            warnings.append("Fathom: the settings must be an object; the defaults are used.")
            continue
        for name, value in source.items():
            info = SETTINGS.get(name)
            if info is None:
                if name not in CLIENTS_OWN:
                    warnings.append(f"Fathom: there is no setting {name!r}; it is ignored.")
            elif value is not None:
                if (expected := info.misfit(value)) is not None:
                    warnings.append(f"Fathom: the setting {name!r} must be {expected}; its default is used.")
                    values.pop(info.field, None)
                else:
                    values[info.field] = tuple(value) if isinstance(value, list) else value
    return Settings(**values), list(dict.fromkeys(warnings))
