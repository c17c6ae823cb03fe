"""The `chainrule` command as pip installs it: a file in a folder of its own, so that sys.path[0] is not the user's."""

import sys

from chainrule.cli import main

sys.exit(main())
