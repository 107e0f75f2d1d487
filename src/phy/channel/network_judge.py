# SPDX-License-Identifier: Apache-2.0
"""The algebra of scattering matrices by other roads than network.cpp takes, for network_test.cpp.

Renormalising goes through the impedance matrix, cascading through a solve over all waves at once,
modes by the transformation matrix. Reads one operation a line, prints the answer's entries.
"""
import sys

import numpy as np


def matrix(values, n):
    values = np.array(values[: 2 * n * n])
    return (values[0::2] + 1j * values[1::2]).reshape(n, n)


def renormalise(s, z_old, z_new):
    one = np.eye(len(s))
    old, new = np.diag(np.sqrt(z_old)), np.diag(np.sqrt(z_new))
    z = old @ np.linalg.inv(one - s) @ (one + s) @ old
    inverse = np.linalg.inv(new)
    ratio = inverse @ z @ inverse
    return (ratio - one) @ np.linalg.inv(ratio + one)


def cascade(a, b):
    """All 2n waves: b_all = S a_all, and joint ports feed each other; outer ports are the sources."""
    n = len(a)
    half = n // 2
    s = np.zeros((2 * n, 2 * n), complex)
    s[:n, :n], s[n:, n:] = a, b
    join = np.zeros((2 * n, 2 * n))
    for i in range(half):
        join[half + i, n + i] = 1
        join[n + i, half + i] = 1
    outer = list(range(half)) + list(range(n + half, 2 * n))
    waves = np.linalg.solve(np.eye(2 * n) - s @ join, s)
    return waves[np.ix_(outer, outer)]


def mixed(s):
    n = len(s)
    m = np.zeros((n, n))
    for i in range(n // 2):
        m[i, 2 * i], m[i, 2 * i + 1] = 1, -1
        m[n // 2 + i, 2 * i], m[n // 2 + i, 2 * i + 1] = 1, 1
    m /= np.sqrt(2)
    return m @ s @ np.linalg.inv(m)


for line in open(sys.argv[1]):
    name, *words = line.split()
    numbers = [float(word) for word in words]
    n = int(numbers[0])
    if name == "renormalise":
        out = renormalise(matrix(numbers[1 + n:], n), np.full(n, 50.0), np.array(numbers[1: 1 + n]))
    elif name == "cascade":
        out = cascade(matrix(numbers[1:], n), matrix(numbers[1 + 2 * n * n:], n))
    else:
        out = mixed(matrix(numbers[1:], n))
    for value in out.flatten():
        print("%.17g %.17g" % (value.real, value.imag))
