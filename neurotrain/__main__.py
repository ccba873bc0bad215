"""``python -m neurotrain``: the command line, as where MPI starts Python itself."""

import sys

from neurotrain.cli import main

# The other ranks of MPI import this module too, under another name.
if __name__ == "__main__":
    sys.exit(main())
