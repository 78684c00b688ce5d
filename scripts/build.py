"""Build the whole guide into site/. Type: python3 scripts/build.py"""

import sys

import setup_venv

if __name__ == "__main__":
    setup_venv.main("build", sys.argv[1:])
