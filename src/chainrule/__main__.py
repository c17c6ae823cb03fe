"""`python -m chainrule`, also behind a launcher: `torchrun --nproc-per-node 2 -m chainrule run train.py`."""

import sys

from chainrule.cli import main

sys.exit(main())
