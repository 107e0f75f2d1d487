#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recomputes codeword failures in exact rational numbers; python3's standard library only.

Reads lines "n t m ber burst bits_per_symbol precoding interleave lanes" (burst "-" for independent bits) and
prints, for each, log10 of P(more than t wrong symbols) and of the symbol error ratio after FEC. A derivation of
its own: a FEC symbol's transitions by enumerating every pattern of wrong line symbols, the distribution by
integers over one denominator, the tail as one minus the exact sum of the rest.
"""
import itertools
import math
import sys
from fractions import Fraction


def independent(n, t, m, ber):
    """Whole numbers over one denominator: [P(i) for i <= t], denominator; and the mean."""
    s = 1 - (1 - ber) ** m
    hit, whole = s.numerator, s.denominator
    up_to_t = [math.comb(n, i) * hit**i * (whole - hit) ** (n - i) for i in range(t + 1)]
    return up_to_t, whole**n, n * s


def symbol_table(m, bits, precoding, follow, start):
    """[before][after] -> (probability of no hit, of a hit), by enumeration of patterns."""
    step = {(0, 0): 1 - start, (0, 1): start, (1, 0): 1 - follow, (1, 1): follow}
    table = [[[Fraction(0), Fraction(0)] for _ in range(2)] for _ in range(2)]
    for before in range(2):
        for pattern in itertools.product((0, 1), repeat=m // bits):
            states = (before,) + pattern
            probability = Fraction(1)
            for pair in zip(states, states[1:]):
                probability *= step[pair]
            if precoding:
                hit = any(a != b for a, b in zip(states, states[1:]))
            else:
                hit = any(pattern)
            table[before][pattern[-1]][hit] += probability
    return table


def lane(table, gap, symbols, t, wrong):
    """P(i hits) for i <= t, as integers and their denominator, and the mean: one lane that carries `symbols` of
    the codeword, `gap` apart."""
    pass_over = [[sum(table[a][b], Fraction(0)) for b in range(2)] for a in range(2)]
    over = [[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)]]
    for _ in range(gap - 1):
        over = [[sum(over[a][c] * pass_over[c][b] for c in range(2)) for b in range(2)] for a in range(2)]
    step = [
        [[sum(table[a][c][h] * over[c][b] for c in range(2)) for h in range(2)] for b in range(2)] for a in range(2)
    ]
    scale = math.lcm(*(step[a][b][h].denominator for a in range(2) for b in range(2) for h in range(2)))
    whole = [[[int(step[a][b][h] * scale) for h in range(2)] for b in range(2)] for a in range(2)]
    first = math.lcm(wrong.denominator, (1 - wrong).denominator)
    now = [[0] * (t + 1) for _ in range(2)]
    now[0][0] = int((1 - wrong) * first)
    now[1][0] = int(wrong * first)
    for _ in range(symbols):
        after = [[0] * (t + 1) for _ in range(2)]
        for a in range(2):
            for b in range(2):
                spared, hit = whole[a][b]
                source, target = now[a], after[b]
                for i in range(t + 1):
                    target[i] += source[i] * spared
                    if i:
                        target[i] += source[i - 1] * hit
        now = after
    denominator = first * scale**symbols
    mean_hit = (1 - wrong) * (table[0][0][1] + table[0][1][1]) + wrong * (table[1][0][1] + table[1][1][1])
    return [now[0][i] + now[1][i] for i in range(t + 1)], denominator, symbols * mean_hit


def bursty(n, t, m, ber, burst, bits, precoding, interleave, lanes):
    wrong = ber * bits
    start = wrong * (1 - burst) / (1 - wrong)
    table = symbol_table(m, bits, precoding, burst, start)
    # Symbol i of the codeword is number i * interleave of the line; that goes to lane (number mod lanes).
    places = {}
    for i in range(n):
        places.setdefault(i * interleave % lanes, []).append(i * interleave // lanes)
    total, denominator, mean = [1] + [0] * t, 1, Fraction(0)
    for where in places.values():
        gap = where[1] - where[0] if len(where) > 1 else 1
        one, one_denominator, one_mean = lane(table, gap, len(where), t, wrong)
        total = [sum(total[j] * one[i - j] for j in range(i + 1)) for i in range(t + 1)]
        denominator *= one_denominator
        mean += one_mean
    return total, denominator, mean


def main():
    for line in sys.stdin:
        n, t, m, ber, burst, bits, precoding, interleave, lanes = line.split()
        n, t, m, bits, interleave, lanes = (int(x) for x in (n, t, m, bits, interleave, lanes))
        if burst == "-":
            up_to_t, whole, mean = independent(n, t, m, Fraction(ber))
        else:
            up_to_t, whole, mean = bursty(
                n, t, m, Fraction(ber), Fraction(burst), bits, precoding == "1", interleave, lanes
            )
        # Differences of integers: exact, however small against the whole.
        failure = whole - sum(up_to_t)
        wrong = mean.numerator * whole - mean.denominator * sum(i * p for i, p in enumerate(up_to_t))
        log_whole = math.log10(whole)
        print(
            repr(math.log10(failure) - log_whole),
            repr(math.log10(wrong) - log_whole - math.log10(n * mean.denominator)),
        )


main()
