"""Whether a log-linear model has a finite likeliest value on a table at all.

It has if the table's sufficient statistics lie inside the cone of all tables, which a linear program decides. Only the
pattern of empty histories matters, so answers are kept by that. A fit that came to rest at a finite point proves the same by
itself, one that flees along a direction in which the likelihood never falls the contrary; the program is asked of the rest.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from tocsin.core.count.mse.table import Floats


def is_identified(matrix: Floats) -> bool:
    """Say whether different coefficients always give different expectations."""
    return matrix.shape[0] >= matrix.shape[1] and bool(np.linalg.matrix_rank(matrix) == matrix.shape[1])


def exists(matrix: Floats, filled: NDArray[np.bool_]) -> bool:
    """Say whether the likeliest coefficients are finite.

    Parameters
    ----------
    matrix : zeros and ones, shape (cells, parameters), of full rank
    filled : shape (cells,)
        Which histories have anybody.

    References
    ----------
    Fienberg and Rinaldo (2012), Ann. Statist. 40, 996-1023.
    """
    return _solved(matrix.astype(np.int8).tobytes(), matrix.shape[1], filled.tobytes())


@lru_cache(maxsize=20_000)
def _solved(matrix_bytes: bytes, n_parameters: int, filled_bytes: bytes) -> bool:
    matrix = np.frombuffer(matrix_bytes, dtype=np.int8).reshape(-1, n_parameters).astype(np.float64)
    filled = np.frombuffer(filled_bytes, dtype=np.bool_)
    if filled.all():
        return True
    if matrix.shape[0] == matrix.shape[1]:
        return False
    # The most that every cell can hold at least, in a table with the same sufficient statistics.
    n_cells = len(matrix)
    found = linprog(
        np.append(np.zeros(n_cells), -1.0),
        A_eq=np.column_stack((matrix.T, matrix.sum(axis=0))),
        b_eq=matrix.T @ filled.astype(np.float64),
        bounds=[(0, None)] * n_cells + [(0, 1)],
        method="highs",
    )
    if not found.success:
        raise ArithmeticError("the linear program of a table that is its own solution was not solved")
    return bool(-found.fun > 1e-9)
