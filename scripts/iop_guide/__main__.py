"""`python -m iop_guide` is the same as `iop-guide`."""

import sys

from .cli import main

sys.exit(main())
