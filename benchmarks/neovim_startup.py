"""What the Neovim plugin adds to the start of Neovim before it is used: `--startuptime`, with the plugin and without.

    python benchmarks/neovim_startup.py [--runs 30] [--nvim nvim]

Both are started in turn, so that whatever else the machine does hits both alike. Prints the time in which
`plugin/fathom.lua` is read and run, the time of the whole start, and, for comparison, the same with `vim.lsp.enable`.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import tempfile
from pathlib import Path

PLUGIN = Path(__file__).parents[1] / "editors" / "neovim"
WITH = ("--cmd", f"set runtimepath^={PLUGIN}")
ENABLED = (*WITH, "-c", "lua vim.lsp.enable('fathom')")
STARTS = {"without": (), "with the plugin": WITH, "with vim.lsp.enable": ENABLED}


def milliseconds(nvim: str, arguments: tuple[str, ...]) -> tuple[float, float]:
    """Of the plugin's file, and of the whole start."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "startup.log"
        command = [nvim, "--clean", "-i", "NONE", "--headless", "--startuptime", str(log), *arguments, "-c", "qall!"]
        subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL)
        text = log.read_text(encoding="utf-8")
    # Columns: clock, self and sourced, self; the last process that wrote is the one that starts.
    own = re.findall(rf"^\S+\s+(\S+)\s+\S+: sourcing {re.escape(str(PLUGIN))}/plugin/fathom\.lua", text, re.M)
    whole = re.findall(r"^(\S+)\s+\S+: --- NVIM STARTED ---", text, re.M)
    return float(own[-1]) if own else 0.0, float(whole[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--nvim", default="nvim")
    options = parser.parse_args()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in STARTS}
    for turn in range(options.runs + 1):
        for name, arguments in STARTS.items():
            measured = milliseconds(options.nvim, arguments)
            if turn:  # The first turn fills the file cache.
                taken[name].append(measured)
    for name, measurements in taken.items():
        own, whole = (statistics.median(column) for column in zip(*measurements, strict=True))
        print(f"{name:20} plugin/fathom.lua {own:5.2f} ms   whole start {whole:6.1f} ms")


if __name__ == "__main__":
    main()
