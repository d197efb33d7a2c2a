"""A folder whose files change at random."""

from __future__ import annotations

import hashlib
import random
import re
from pathlib import Path

WORDS = "open close read write parse print merge split sort count send load".split()


class Churn:
    """A folder whose files change at random, and every content that they ever had."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self.root = root
        self.chance = chance
        self.versions: dict[str, bytes] = {}
        root.mkdir()
        for word in WORDS:
            text = "\n\n".join(f"def {word}_{other}(file):\n    return file.{other}({word!r})" for other in WORDS[:4])
            (root / f"{word}.py").write_text(text + "\n")
        self._note()

    def edit(self) -> None:
        """Change, move, delete and add some files."""
        chance = self.chance
        files = sorted(self.root.glob("*.py"))
        for file in chance.sample(files, 3):
            file.write_text(re.sub(r"\bfile\w*", f"file_{chance.randrange(100)}", file.read_text()))
        moved = chance.choice(files)
        moved.rename(moved.with_name(f"moved_{chance.randrange(1000)}.py"))
        chance.choice(sorted(self.root.glob("*.py"))).unlink()
        functions = [f"def {word}_{chance.randrange(100)}():\n    return '{word}'\n\n\n" for word in WORDS[4:8]]
        (self.root / f"new_{chance.randrange(1000)}.py").write_text("".join(functions))
        self._note()

    def _note(self) -> None:
        for file in self.root.glob("*.py"):
            source = file.read_bytes()
            self.versions[hashlib.sha256(source).hexdigest()] = source
