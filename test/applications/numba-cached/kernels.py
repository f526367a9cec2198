from numba import njit


@njit(cache=True)
def sum_of_squares(count):
    total = 0
    for number in range(count):
        total += number * number
    return total
