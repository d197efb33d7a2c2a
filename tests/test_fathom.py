"""`fathom.py`, with which a clone is tried."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

SET_UP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import fathom
from pathlib import Path
fathom.ensure_environment = lambda: None
fathom.PYTHON = Path({sys.executable!r})
sys.path[:] = [place for place in sys.path if place]
sys.argv = ["fathom.py", "languages"]
sys.exit(fathom.main())
"""


def test_nothing_in_the_working_directory_is_run(tmp_path: Path) -> None:
    script = tmp_path / "set_up.py"
    script.write_text(SET_UP)
    inside = tmp_path / "inside"
    inside.mkdir()
    for module in ("numpy", "json", "fathom_indexer"):
        (inside / f"{module}.py").write_text("open('was_run', 'w').close()\n")
    told = subprocess.run(
        [sys.executable, str(script)], cwd=inside, capture_output=True, text=True, timeout=120, check=False
    )
    assert not (inside / "was_run").exists()
    assert told.returncode == 0, told.stderr
    assert "python" in told.stdout
