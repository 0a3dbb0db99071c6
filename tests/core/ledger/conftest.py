"""Put the in-memory coalition on the path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
