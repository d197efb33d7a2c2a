"""Names of the commands that code actions and code lenses execute.

They look like requests because language clients register commands under the names that servers give them, where an
editor extension's own `fathom.*` commands must not be taken.
"""

from __future__ import annotations

SHOW_SIMILAR = "fathom/showSimilar"
GO_TO_MOST_SIMILAR = "fathom/goToMostSimilar"
SHOW_COPIES = "fathom/showCopies"
