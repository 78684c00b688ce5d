"""Write docs/en/clinics/clinic.schema.json from the profile: .venv/bin/python tests/write_schema.py

A test says when the two differ.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from iop_guide.clinic import SCHEMA
from iop_guide.profile import schema

if __name__ == "__main__":
    SCHEMA.write_text(schema(), "utf-8")
