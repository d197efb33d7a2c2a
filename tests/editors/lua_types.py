"""Checks the types of Lua files with the EmmyLua language server, which has no command line for that."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from editors.fake_server import read_message, write_message
if TYPE_CHECKING:
    from pathlib import Path
