"""Draws the pictures of editors/neovim/README.md: a real Neovim in a terminal that searches a part of Python.

    pip install pyte pillow
    python tests/editors/neovim/pictures.py

Needs what `.ci/neovim-tools` fetches, and the font DejaVu Sans Mono. Look at the pictures before you commit them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

import pyte
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "editors" / "neovim"
DEBIAN = ROOT / ".editor-tools" / "debian" / "usr" / "share"
FONTS = Path("/usr/share/fonts/truetype/dejavu")
COLUMNS, LINES = 126, 34
SIZE = 22
"""Of the font, in pixels: twice of what is shown, for screens of high density."""
WAIT_S = 120
FOREGROUND, BACKGROUND = "e0e2ea", "14161b"
"""Neovim's own default colours."""


class Terminal:
    """A Neovim in a terminal of its own, whose screen pyte keeps."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self.screen)
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.execve(command[0], command, environment)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))

    def type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def read(self, seconds: float) -> None:
        """Take in what is drawn until nothing was for a while."""
        while select.select([self._terminal], [], [], seconds)[0]:
            self._stream.feed(os.read(self._terminal, 65536).replace(b"\x1b[>4;2m", b"").replace(b"\x1b[>4;0m", b""))

    def wait_for(self, text: str) -> None:
        """Until a text is on the screen. Raises `TimeoutError`."""
        end = time.monotonic() + WAIT_S
        while not any(text in line for line in self.screen.display):
            self.read(0.2)
            if time.monotonic() > end:
                raise TimeoutError("\n".join(self.screen.display))

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGTERM)
        os.waitpid(self._pid, 0)


def draw(screen: pyte.Screen, file: Path) -> None:
    """The screen as a picture."""
    regular, bold = (ImageFont.truetype(FONTS / f"DejaVuSansMono{style}.ttf", SIZE) for style in ("", "-Bold"))
    width, height = round(regular.getlength("M")), round(SIZE * 1.25)
    picture = Image.new("RGB", (COLUMNS * width + 2 * width, LINES * height + 2 * width), f"#{BACKGROUND}")
    canvas = ImageDraw.Draw(picture)
    for row in range(LINES):
        for column in range(COLUMNS):
            cell = screen.buffer[row][column]
            ink = FOREGROUND if cell.fg == "default" else cell.fg
            paper = BACKGROUND if cell.bg == "default" else cell.bg
            if cell.reverse or (row, column) == (screen.cursor.y, screen.cursor.x):
                ink, paper = paper, ink
            left, top = (column + 1) * width, row * height + width
            canvas.rectangle((left, top, left + width - 1, top + height - 1), fill=_colour(paper))
            if cell.data.strip():
                canvas.text((left, top), cell.data, fill=_colour(ink), font=bold if cell.bold else regular)
    picture.quantize(64).save(file, optimize=True)


def _colour(name: str) -> str:
    return f"#{name}" if len(name) == 6 else name


def main() -> None:
    """Draw all pictures."""
    # A short name, which the pictures show.
    home = Path(tempfile.mkdtemp())
    project = home / "python"
    library = Path(os.__file__).parent
    for package in ("http", "json", "urllib"):
        shutil.copytree(library / package, project / package, ignore=shutil.ignore_patterns("__pycache__"))
    (project / ".fathomignore").touch()
    environment = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "FATHOM_CACHE_DIR": str(home / "cache"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
    }
    plugins = [PLUGIN, DEBIAN / "neovim-telescope", DEBIAN / "neovim-plenary"]
    options = "set termguicolors noswapfile shortmess+=I noruler noshowcmd laststatus=2"
    statusline = "let &statusline = \" %f %m%=%{%v:lua.require'fathom'.statusline()%} \""
    command = [shutil.which("nvim") or "nvim", "--clean", "-i", "NONE", "--cmd", options, "--cmd", statusline]
    for plugin in plugins:
        command += ["--cmd", f"set runtimepath+={plugin}"]
    pictures = PLUGIN / "pictures"
    pictures.mkdir(exist_ok=True)
    terminal = Terminal([*command, "http/cookiejar.py"], project, environment)
    try:
        terminal.read(1)
        terminal.type(":lua vim.lsp.enable('fathom')\r")
        terminal.wait_for("Fathom")
        terminal.read(1)
        while "%" in terminal.screen.display[LINES - 2]:
            terminal.read(1)
        terminal.type(":Fathom search\r")
        terminal.read(1)
        terminal.type("may this cookie be sent back to the server")
        terminal.wait_for("> CookiePolicy")
        terminal.read(1)
        draw(terminal.screen, pictures / "search.png")
        terminal.type("\x1b\x1b")
        terminal.read(1)
        terminal.type(":call search('def set_ok_port')\r:Fathom diff\r")
        terminal.wait_for("1 of")
        terminal.read(1)
        draw(terminal.screen, pictures / "diff.png")
        terminal.type("q:Fathom! search join a base URL and a relative one\r")
        terminal.wait_for("[Quickfix List]")
        terminal.read(1)
        draw(terminal.screen, pictures / "quickfix.png")
    finally:
        terminal.close()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
