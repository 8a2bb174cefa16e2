"""The numbers in tests/apps/study/statistics/*_test.cpp, by scipy and numpy.

python tests/oracles/study_statistics.py     # needs scipy
"""

import numpy as np
from scipy import stats


def interval(values, confidence=0.95):
    values = np.asarray(values)
    return stats.t.interval(
        confidence, len(values) - 1, loc=values.mean(), scale=stats.sem(values)
    )


def show(what, *values):
    print(what, *(repr(float(v)) for v in values))


def main():
    for probability, degrees in [
        (0.975, 2), (0.975, 3), (0.975, 4), (0.975, 9), (0.995, 2), (0.9875, 4)
    ]:  # fmt: skip
        show(f"t.ppf({probability}, {degrees})", stats.t.ppf(probability, degrees))
    for values in ([1.2, 2.1, 0.7], [-0.4, 0.3, 0.9, 0.2], [5.0, 5.5, 4.75, 6.25, 5.125]):
        for confidence in (0.95, 0.9875):
            show(f"t.interval({confidence}, {values})", *interval(values, confidence))

    # Parity of three seeds, margin 1: ends of S at 1000, 2000, 4000 iterations, P's AP at 1000.
    ends = np.array([1000.0, 2000.0, 4000.0])
    log_ratios = []
    for scratch, pretrained in [
        ([20, 26, 34], 30), ([21, 28, 33], 31), ([18, 27, 35], 29)
    ]:  # fmt: skip
        target = pretrained - 1
        # The ends ascend in AP, so that iterations are a function of AP.
        iterations = np.interp(target, [0, *scratch], [0, *ends])
        log_ratios.append(np.log(iterations / (1000 * target / pretrained)))
    show("parity ratio", np.exp(np.mean(log_ratios)))
    show("parity interval", *np.exp(interval(log_ratios)))


if __name__ == "__main__":
    main()
