# SPDX-License-Identifier: Apache-2.0
# Computes the pulse of a link by itself, with numpy alone: packages by chain (ABCD) matrices, not by
# scattering matrices, the voltage by loop analysis of the terminated chain, one inverse FFT at the full
# sampling rate. Input on stdin: JSON with the set-up's numbers and the channel; output: the pulse.
# Run by equalise_test.cpp.
import json
import sys

import numpy as np


def shunt(y):
    one = np.ones_like(y)
    return np.array([[one, 0 * one], [y, one]])


def series(z):
    one = np.ones_like(z)
    return np.array([[one, z], [0 * one, one]])


def line(gamma_l, z):
    return np.array([[np.cosh(gamma_l), z * np.sinh(gamma_l)], [np.sinh(gamma_l) / z, np.cosh(gamma_l)]])


def chain(a, b):
    return np.einsum("ijk,jlk->ilk", a, b)


def package(p, f, w):
    """Die to ball; differential quantities: half the capacitance, twice the inductance of one leg."""
    total = shunt(0j * f)
    for section in p["die"]:
        total = chain(total, shunt(1j * w * section["c"] / 2))
        total = chain(total, series(1j * w * section["l"] * 2))
    total = chain(total, shunt(1j * w * p["c_bump"] / 2))
    ghz = f * 1e-9
    safe = np.where(ghz > 0, ghz, 1)
    gamma = (p["gamma0"] + p["a1"] * (1 + 1j) * np.sqrt(ghz)
             + p["a2"] * (1 - 2j / np.pi * np.log(safe)) * ghz + 2j * np.pi * p["tau"] * ghz)
    for z_p, z_c in zip(p["z_p"], p["z_c"]):
        total = chain(total, line(gamma * z_p, z_c))
    return chain(total, shunt(1j * w * p["c_ball"] / 2))


def transposed(a):
    """The same two-port from its other end (reciprocal: A and D change places)."""
    return np.array([[a[1, 1], a[0, 1]], [a[1, 0], a[0, 0]]])


def main():
    job = json.load(sys.stdin)
    baud, uis, per_ui = job["baud"], job["uis"], job["per_ui"]
    s = np.array(job["s_re"]) + 1j * np.array(job["s_im"])
    s11, s12, s21, s22 = s.reshape(-1, 4).T
    f = np.arange(len(s11)) * baud / uis
    w = 2 * np.pi * f
    z0 = 100.0
    channel = np.array([
        [((1 + s11) * (1 - s22) + s12 * s21) / (2 * s21), z0 * ((1 + s11) * (1 + s22) - s12 * s21) / (2 * s21)],
        [((1 - s11) * (1 - s22) - s12 * s21) / (2 * s21 * z0), ((1 - s11) * (1 + s22) + s12 * s21) / (2 * s21)]])
    all_ = chain(chain(package(job["tx"], f, w), channel), transposed(package(job["rx"], f, w)))
    a, b, c, d = all_[0, 0], all_[0, 1], all_[1, 0], all_[1, 1]
    rs, rl = 2 * job["tx"]["r_d"], 2 * job["rx"]["r_d"]
    source = rl / (a * rl + b + rs * (c * rl + d))
    # A_v is what the source puts into a matched load of R_0, up to 93A's factor: a source of 2 A behind R_d.
    h21 = 2 * source * (2 * job["tx"]["r_0"]) / (2 * job["tx"]["r_0"])
    x = f / (job["f_r"] * baud)
    h_r = 1 / (1 - 3.414214 * x**2 + x**4 + 2.613126j * (x - x**3))
    h_t = np.exp(-2 * (np.pi * f * job["rise"] / 1.6832)**2)
    e = job["ctle"]
    h_c = (10**(e["gain"] / 20) + 1j * f / e["fz"]) / (1 + 1j * f / e["p1"]) / (1 + 1j * f / e["p2"])
    if e["low"] > 0:
        h_c *= (10**(e["low_gain"] / 20) + 1j * f / e["low"]) / (1 + 1j * f / e["low"])
    taps = job["taps"]
    h_f = sum(t * np.exp(-1j * w * (i - job["pre"]) / baud) for i, t in enumerate(taps))
    spectrum = job["a"] / baud * np.sinc(f / baud) * h21 * h_r * h_t * h_c * h_f
    full = np.zeros(uis * per_ui // 2 + 1, complex)
    full[:len(spectrum)] = spectrum
    pulse = np.fft.irfft(full, uis * per_ui) * baud * per_ui
    json.dump(pulse.tolist(), sys.stdout)


main()
