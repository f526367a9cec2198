from numba import njit


@njit
def is_large(count):
    return count > 1000


def label_of(count: int) -> str:
    return "large" if is_large(count) else "small"
