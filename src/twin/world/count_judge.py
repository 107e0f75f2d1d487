#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Foreign judge of count_process: scipy's Poisson distribution. Input: one line for each series,
# "name mean count count ...", counts of disjoint spans. Prints the p-value of each series' chi-square
# against Poisson(mean), cells of at least 8 expected; exits 1 where one is below 1e-6.
import sys

import numpy
from scipy.special import chdtrc, pdtr, pdtrik


def p_value(mean, counts):
    low, high = numpy.ceil(pdtrik(numpy.array([1e-4, 1 - 1e-4]), mean)).clip(0).astype(numpy.int64)
    # Equal cells where the mean is large, so that there are some forty at most.
    edges = numpy.unique(numpy.linspace(low, high, min(high - low + 1, 40)).astype(numpy.int64))
    cdf = numpy.concatenate(([0], pdtr(edges, mean), [1]))
    expected = numpy.diff(cdf) * len(counts)
    place = numpy.searchsorted(edges, counts, side="left")  # cell i: edge i-1 < count <= edge i
    seen = numpy.bincount(place, minlength=len(expected))
    merged_expected, merged_seen = [0.0], [0]
    for e, s in zip(expected, seen):
        if merged_expected[-1] >= 8:
            merged_expected.append(0.0)
            merged_seen.append(0)
        merged_expected[-1] += e
        merged_seen[-1] += s
    if len(merged_expected) > 1 and merged_expected[-1] < 8:
        merged_expected[-2] += merged_expected.pop()
        merged_seen[-2] += merged_seen.pop()
    chi_square = sum((s - e) ** 2 / e for s, e in zip(merged_seen, merged_expected))
    return chdtrc(len(merged_expected) - 1, chi_square)


worst = 1.0
for line in sys.stdin:
    name, mean, *counts = line.split()
    p = p_value(float(mean), numpy.array(counts, dtype=numpy.int64))
    print(name, p)
    worst = min(worst, p)
sys.exit(0 if worst > 1e-6 else 1)
