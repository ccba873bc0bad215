"""``python -m neurotrain``: the command line, as where MPI starts Python itself."""

import sys

from neurotrain.cli import main

sys.exit(main())
