"""NumPy's and SciPy's linear algebra beside torch, which has threads of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """Matrix products of NumPy and SciPy in one thread, inside a `with` or in a decorated function.

    OpenBLAS' threads keep a processor busy for some 50 ms after each product, in which torch's steps take three times
    as long.
    """
    with _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()
