"""`python -m fathom_indexer.process`; see `service.py`."""

import sys

from fathom_indexer.process.service import main

sys.exit(main())
