"""Check the project: ruff (tidy code), mypy (types), then pytest (every test, in a real browser too).

    python3 scripts/test.py                            everything
    python3 scripts/test.py tests/test_publish.py      ruff and mypy (a few seconds), then these tests only
    python3 scripts/test.py -k citation -x             the same with any of pytest's options

Further arguments go to pytest as they stand. All three always run, so that one run shows all there is to
mend; the exit code is that of the first that failed. The first start sets up .venv and finds a Chromium or
Chrome, installing one if there is none; set IOP_GUIDE_BROWSER to the path of a browser to choose it yourself.
"""

from __future__ import annotations

import subprocess
import sys

from find_browser import VARIABLE, find_browser
from setup_venv import ROOT, RUNTIME, TESTS, SetupError, child_environment, ensure, stop


def main(arguments: list[str]) -> int:
    """Run the three checks; return the exit code of the first that failed, or 0."""
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__.strip() if __doc__ else "")
        return 0
    try:
        python = ensure((RUNTIME, TESTS))
        browser = find_browser(python)
    except SetupError as error:
        stop(error)
    environment = {**child_environment(), VARIABLE: browser}
    checks = {
        "ruff": ["ruff", "check", "--quiet", "."],
        "mypy": ["mypy", "--no-error-summary"],
        # On every core, a file at a time, in their order: those that read all pages in a browser are long, and first.
        "pytest": ["pytest", "--numprocesses=auto", "--dist=loadfile", "--no-loadscope-reorder", *arguments],
    }
    codes = {}
    for name, command in checks.items():
        codes[name] = subprocess.call([str(python), "-m", *command], cwd=str(ROOT), env=environment)
    failed = [name for name, code in codes.items() if code]
    if failed:
        print("Not passed: " + ", ".join(failed) + ".", flush=True)
        return codes[failed[0]]
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
