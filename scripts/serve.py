"""Show the guide while you write it. Type: python3 scripts/serve.py"""

import sys

import setup_venv

if __name__ == "__main__":
    setup_venv.main("serve", sys.argv[1:])
