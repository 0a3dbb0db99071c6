"""Put the adversary and the in-memory coalition of the ledger's tests on the path."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "core" / "ledger")]
