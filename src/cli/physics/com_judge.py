#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges `weft com`: COM of IEEE 802.3 annex 93A at the taps that the report names, with numpy alone; with a
receiver FFE as P802.3dj annex 178A has it, but for the sequence detector.

  com_judge.py WEFT SETUP.yaml THRU.s2p [fext:FILE | next:FILE ...] [-- OPTION ...]

Reads the constants from the set-up's file and the channels from their files itself; the program is asked only for
its report. Nothing is shared with the C++: frequencies every 5 MHz, linear interpolation, annex 93A's equations one
by one, amplitudes convolved on a fixed grid. Prints one line for each quantity; ends in 1 where one lies outside
its tolerance, in 77 where a module is missing.
"""
import json
import subprocess
import sys
from math import erfc

try:
    import numpy as np
    import yaml
except ImportError as missing:
    print(missing)
    sys.exit(77)

STEP_HZ = 5e6
# Relative, but for decibels, which are absolute. Interpolation, voltage grid and the length of the tail differ.
TOLERANCES = {"a_s_v": 1e-3, "a_ni_v": 5e-3, "isi": 3e-2, "crosstalk": 1e-2, "transmitter": 1e-3, "receiver": 1e-3,
              "random_jitter": 1e-3, "dual_dirac": 1e-3, "quantiser": 1e-2, "fom_db": 0.05, "com_db": 0.05}
CLIP_RATIO = 3.05  # of the quantiser's range to the signal's rms: modelled, see src/phy/link/mmse.h


def read_two_port(path):
    """A .s2p with the option line `# GHz S RI R 100`: frequencies in Hz, matrices [f, out, in]."""
    rows = [line.split("!")[0].split() for line in open(path, encoding="ascii") if line[0] not in "#!"]
    data = np.array([[float(word) for word in row] for row in rows if row])
    s11, s21, s12, s22 = (data[:, i] + 1j * data[:, i + 1] for i in (1, 3, 5, 7))
    return data[:, 0] * 1e9, np.stack([np.stack([s11, s12], 1), np.stack([s21, s22], 1)], 1)


def interpolate(f, path):
    at, s = read_two_port(path)
    out = np.zeros((len(f), 2, 2), complex)
    inside = f <= at[-1]
    for i in range(2):
        for j in range(2):
            magnitude = np.interp(f[inside], at, np.abs(s[:, i, j]))
            out[inside, i, j] = magnitude * np.exp(
                1j * np.interp(f[inside], at, np.unwrap(np.angle(s[:, i, j]))))
    return out


def cascade(a, b):
    loop = 1 - a[:, 1, 1] * b[:, 0, 0]
    out = np.empty_like(a)
    out[:, 0, 0] = a[:, 0, 0] + a[:, 0, 1] * b[:, 0, 0] * a[:, 1, 0] / loop
    out[:, 0, 1] = a[:, 0, 1] * b[:, 0, 1] / loop
    out[:, 1, 0] = a[:, 1, 0] * b[:, 1, 0] / loop
    out[:, 1, 1] = b[:, 1, 1] + b[:, 1, 0] * a[:, 1, 1] * b[:, 0, 1] / loop
    return out


def symmetric(s11, s21):
    return np.stack([np.stack([s11, s21], 1), np.stack([s21, s11], 1)], 1)


def shunt_capacitance(f, farad, r_0):  # 93A-8
    y = 2j * np.pi * f * farad * r_0
    return symmetric(-y / (2 + y), 2 / (2 + y))


def series_inductance(f, henry, r_0):
    z = 2j * np.pi * f * henry / r_0
    return symmetric(z / (2 + z), 2 / (2 + z))


def line(f, p, length_mm, z_c):  # 93A-9 to 93A-14
    ghz = f / 1e9
    logarithm = np.log(np.where(ghz > 0, ghz, 1))
    gamma = (p["gamma0_per_mm"] + p["a1_sqrt_ns_per_mm"] * (1 + 1j) * np.sqrt(ghz)
             + p["a2_ns_per_mm"] * (1 - 2j / np.pi * logarithm) * ghz + 2j * np.pi * p["tau_ns_per_mm"] * ghz)
    rho = (z_c - 2 * p["r_0_ohm"]) / (z_c + 2 * p["r_0_ohm"])
    e = np.exp(-gamma * length_mm)
    return symmetric(rho * (1 - e**2) / (1 - rho**2 * e**2), (1 - rho**2) * e / (1 - rho**2 * e**2))


def package(f, p, lengths_mm):
    """From the die outward."""
    parts = []
    for section in p["die"]:
        parts.append(shunt_capacitance(f, section["c_ff"] * 1e-15, p["r_0_ohm"]))
        parts.append(series_inductance(f, section["l_ph"] * 1e-12, p["r_0_ohm"]))
    parts.append(shunt_capacitance(f, p.get("c_bump_ff", 0) * 1e-15, p["r_0_ohm"]))
    parts += [line(f, p, length, z_c) for length, z_c in zip(lengths_mm, p["z_c_ohm"])]
    parts.append(shunt_capacitance(f, p["c_ball_ff"] * 1e-15, p["r_0_ohm"]))
    out = parts[0]
    for part in parts[1:]:
        out = cascade(out, part)
    return out


def densities(step, half, levels, cursors):
    """Of the sum of independent symbols times cursors; and the variance of those finer than the grid."""
    pdf = np.zeros(2 * half + 1)
    pdf[half] = 1
    values = np.concatenate(cursors)
    large = values[np.abs(values) >= 2 * step]
    for value in large[np.argsort(-np.abs(large))]:
        out = np.zeros_like(pdf)
        for level in range(levels):
            shift = (2 * level / (levels - 1) - 1) * value / step
            low = int(np.floor(shift))
            weight = shift - low
            out += (np.roll(pdf, low) * (1 - weight) + np.roll(pdf, low + 1) * weight) / levels
        pdf = out
    return pdf, np.sum(values[np.abs(values) < 2 * step] ** 2)


def judge(setup, theirs, case, files):
    equaliser = theirs["equaliser"]
    signalling, tx, rx = setup["signalling"], setup["transmitter"], setup["receiver"]
    baud, levels, m = signalling["baud_ghz"] * 1e9, signalling["levels"], setup["samples_per_ui"]
    n = int(np.ceil(baud / STEP_HZ)) * m  # a whole number of UI
    f = np.arange(n // 2 + 1) * (baud * m / n)
    x = f / (rx["bandwidth_ratio"] * baud)
    h_r = 1 / (1 - 3.414214 * x**2 + x**4 + 2.613126j * (x - x**3))  # 93A-20
    ctle = rx["ctle"]
    zero, pole1, pole2 = (ctle[key] * 1e9 for key in ("zero_ghz", "pole1_ghz", "pole2_ghz"))
    h_ctf = (10 ** (equaliser["ctle_gain_db"] / 20) + 1j * f / zero) / (1 + 1j * f / pole1) / (1 + 1j * f / pole2)
    if "low_ghz" in ctle:
        low = 1j * f / (ctle["low_ghz"] * 1e9)
        h_ctf = h_ctf * (10 ** (equaliser["ctle_low_gain_db"] / 20) + low) / (1 + low)
    h_t = np.exp(-2 * (np.pi * f * tx["rise_time_ps"] * 1e-12 / 1.6832) ** 2)
    ffe = sum(tap * np.exp(-2j * np.pi * f * (i - equaliser["tx_main"]) / baud)
              for i, tap in enumerate(equaliser["tx_taps"]))
    p = setup["package"]
    lengths = setup["packages"][case]
    near = package(f, p, lengths["tx"]["z_p_mm"])
    far = package(f, p, lengths["rx"]["z_p_mm"])
    gamma = (p["r_d_ohm"] - p["r_0_ohm"]) / (p["r_d_ohm"] + p["r_0_ohm"])
    pulses = []
    for role, path in files:
        s = cascade(cascade(far if role == "next" else near, interpolate(f, path)), far[:, ::-1, ::-1])
        s11, s12, s21, s22 = s[:, 0, 0], s[:, 0, 1], s[:, 1, 0], s[:, 1, 1]
        h21 = s21 * (1 - gamma) * (1 + gamma) / (1 - s11 * gamma - s22 * gamma - gamma**2 * (s21 * s12 - s11 * s22))
        # A near-end transmitter's taps are no concern of this link's training (93A.1.6).
        taps = 1 if role == "next" else ffe
        x_f = tx[f"a_{role}_v"] / baud * np.sinc(f / baud)
        pulses.append(np.fft.irfft(x_f * h_t * taps * h21 * h_r * h_ctf, n) * baud * m)
    rx_taps = [*equaliser["rx_taps"], *equaliser["floating_taps"]]
    places = [i - equaliser["rx_main"] for i in range(len(equaliser["rx_taps"]))] + equaliser["floating_positions_ui"]
    h_rx = sum(tap * np.exp(-2j * np.pi * f * place / baud) for tap, place in zip(rx_taps, places)) if rx_taps else 1
    sampled = pulses[0]  # what a quantiser before the FFE sees
    pulses = [np.fft.irfft(np.fft.rfft(pulse) * h_rx, n) for pulse in pulses]
    thru = pulses[0]
    limits = rx["dfe"]
    taps = len(limits["max"])

    def cursors_at(start):
        return np.roll(thru, -start)[::m]

    peak = int(np.argmax(thru))

    def miss(start):  # 93A-25
        c = cursors_at(start)
        return abs(c[-1] - (c[1] - c[0] * np.clip(c[1] / c[0], limits["min"][0], limits["max"][0])))

    def misfit(start):
        c = cursors_at(start)
        return (abs(signalling["r_lm"] * c[0] / (levels - 1) / theirs["a_s_v"] - 1)
                + abs(np.clip(c[1] / c[0], limits["min"][0], limits["max"][0]) - equaliser["dfe_taps"][0]))

    # An FFE's instant is searched for and not reported: the one at which the cursor and the first DFE tap are the
    # report's; all other quantities have to follow.
    start = (min(range(peak - m, peak + m), key=misfit) if rx_taps else
             min((s for s in range(peak - m, peak + 1) if thru[s] > 0), key=miss))
    cursors = cursors_at(start)
    isi = cursors.copy()
    isi[0] = 0
    isi[1:taps + 1] -= cursors[0] * np.clip(cursors[1:taps + 1] / cursors[0], limits["min"], limits["max"])
    h_j = (cursors_at(start + 1) - cursors_at(start - 1)) * m / 2  # 93A-28
    variance = (levels**2 - 1) / (3 * (levels - 1) ** 2)  # 93A-29
    jitter = setup["jitter"]
    out = {"a_s_v": signalling["r_lm"] * cursors[0] / (levels - 1),
           "isi": np.sqrt(variance * np.sum(isi**2)),
           "transmitter": cursors[0] * 10 ** (-tx["snr_db"] / 20),
           "receiver": np.sqrt(rx["eta0_v2_per_ghz"] * np.sum(np.abs(h_r * h_ctf * h_rx) ** 2) * f[1] / 1e9),
           "random_jitter": jitter["sigma_rj_ui"] * np.sqrt(variance * np.sum(h_j**2)),
           "dual_dirac": jitter["a_dd_ui"] * np.sqrt(variance * np.sum(h_j**2))}
    out["quantiser"] = 0
    if rx_taps:  # 178A: the transmitter's noise passes all but the transmitter's FFE
        def power(pulse):
            return np.sum(np.roll(pulse, -start)[::m] ** 2)

        noise = 10 ** (-tx["snr_db"] / 10)
        out["transmitter"] = np.sqrt(noise * power(np.fft.irfft(np.fft.rfft(thru) / ffe, n)))
        signal = (variance * power(sampled) + noise * power(np.fft.irfft(np.fft.rfft(sampled) / ffe, n))
                  + rx["eta0_v2_per_ghz"] * np.sum(np.abs(h_r * h_ctf) ** 2) * f[1] / 1e9)
        step = 2 * CLIP_RATIO * np.sqrt(signal) / (2 ** rx["adc_bits"] - 1)
        out["quantiser"] = step / np.sqrt(12) * np.linalg.norm(rx_taps)
    worst = [max((pulse[i::m] for i in range(m)), key=lambda v: np.sum(v**2)) for pulse in pulses[1:]]
    out["crosstalk"] = np.sqrt(variance * sum(np.sum(v**2) for v in worst))
    power = sum(out[k] ** 2 for k in ("isi", "transmitter", "receiver", "random_jitter", "dual_dirac", "crosstalk",
                                      "quantiser"))
    out["fom_db"] = 10 * np.log10(out["a_s_v"] ** 2 / power)
    step = out["a_s_v"] / 4000
    all_cursors = [isi, *worst, jitter["a_dd_ui"] * h_j]
    sigma = np.sqrt(sum(out[k] ** 2 for k in ("random_jitter", "receiver", "transmitter", "quantiser")))
    reach = min(sum(np.sum(np.abs(v)) for v in all_cursors), 3 * out["a_s_v"]) + 9 * sigma
    half = int(np.ceil(reach / step))
    pdf, rest = densities(step, half, levels, all_cursors)
    sigma = np.sqrt(sigma**2 + variance * rest)
    y = (np.arange(2 * half + 1) - half) * step
    q = np.vectorize(erfc)
    low, high = 0.0, 6 * out["a_s_v"]
    while high - low > 1e-9:
        middle = (low + high) / 2
        is_above = np.sum(pdf * 0.5 * q((middle + y) / sigma / np.sqrt(2))) > setup["target"]["der0"]
        low, high = (middle, high) if is_above else (low, middle)
    out["a_ni_v"] = (low + high) / 2
    out["com_db"] = 20 * np.log10(out["a_s_v"] / out["a_ni_v"])
    return out


def numbers(value):
    """YAML 1.1 takes 1e-5 for text."""
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def main():
    program, setup_file, thru, *rest = sys.argv[1:]
    options = rest[rest.index("--") + 1:] if "--" in rest else []
    others = rest[:rest.index("--")] if "--" in rest else rest
    files = [("thru", thru)] + [tuple(other.split(":", 1)) for other in others]
    with open(setup_file, encoding="utf-8") as file:
        setup = numbers(yaml.safe_load(file))
    command = [program, "com", thru, "--setup", setup_file, "--json", *options]
    for role, path in files[1:]:
        command += ["--" + role, path]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    wrong = False
    for index, case in enumerate(report["channels"][0]["cases"]):
        theirs = case | case["sigma_v"] | {"com_db": case["com_without_mlse_db"]}
        for key, value in judge(setup, theirs, index, files).items():
            difference = abs(value - theirs[key])
            if not key.endswith("_db"):
                difference /= max(abs(value), 1e-12)
            is_wrong = not difference <= TOLERANCES[key]
            wrong = wrong or is_wrong
            mark = " WRONG" if is_wrong else ""
            print(f"{case['package']} {key}: judge {value:.6g}, report {theirs[key]:.6g}{mark}")
    sys.exit(1 if wrong else 0)


main()
