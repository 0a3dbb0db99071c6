"""The kinds of job that a desk knows. A new one is added here and nowhere else."""

from __future__ import annotations

from tocsin.desk.count.estimating import ESTIMATE
from tocsin.desk.count.stating import CHECK
from tocsin.desk.jobs import Work
from tocsin.desk.ledger.relay import FILL
from tocsin.desk.machine.backups import BACKUP
from tocsin.desk.machine.sticks import STICK
from tocsin.desk.verifying import VERIFY
from tocsin.desk.watch.contagion import CONTAGION

WORKS: tuple[Work, ...] = (VERIFY, BACKUP, STICK, FILL, ESTIMATE, CHECK, CONTAGION)
