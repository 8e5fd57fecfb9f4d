"""The statistics that bench prints, computed a second time: from their
definitions, with whole numbers and fractions where C has floating point.

  interval_rank(n)     k of the 95 % interval [x(k), x(n+1-k)] of a median
  binomial_rank(n, p)  the largest k with P(Binomial(n, 1/2) < k) <= p
  median, spread       spread is 1.4826 times the median absolute deviation
  interval(values)     that interval's ends, or None
  judge(...)           the group-sequential verdict and the look that gave it
"""

from fractions import Fraction
from math import comb, log1p

LOOKS = [12, 24, 48, 96, 192]


def share(text):
    """A probability as the decimal fraction that it was written as."""
    return Fraction(str(text))


def binomial_rank(n, p):
    """Largest k with P(Binomial(n, 1/2) < k) <= p, p a Fraction."""
    below, k = 0, 0
    while k <= n:
        below += comb(n, k)
        if below > p * 2 ** n:
            break
        k += 1
    return min(k, n)


def interval_rank(n):
    """Largest k with 1 - 2 P(Binomial(n, 1/2) < k) >= 0.95, 0 if none. Beyond
    1,000 values it is 1,000's: wider than it need be."""
    return binomial_rank(min(n, 1000), Fraction(1, 40))


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def spread(values):
    centre = median(values)
    return 1.4826 * median([abs(x - centre) for x in values])


def interval(values):
    k = interval_rank(len(values))
    if k == 0:
        return None
    ordered = sorted(values)
    return ordered[k - 1], ordered[len(ordered) - k]


def judge_look(ratios, theta, delta, alpha, beta):
    """What one look says of all ratios so far: "FAIL", "PASS" or None."""
    ordered, n = sorted(ratios), len(ratios)
    fail = binomial_rank(n, alpha / len(LOOKS))
    passing = binomial_rank(n, beta / len(LOOKS))
    if fail and ordered[fail - 1] > log1p(float(theta)):
        return "FAIL"
    if passing and ordered[n - passing] < log1p(float(delta)):
        return "PASS"
    return None


def judge(ratios, theta, delta, alpha, beta):
    """(verdict, epochs) of a sequence: the first look that decides. "stopped" if
    it ends before."""
    for look in LOOKS:
        if look > len(ratios):
            return "stopped", len(ratios)
        verdict = judge_look(ratios[:look], theta, delta, alpha, beta)
        if verdict:
            return verdict, look
    return "INCONCLUSIVE", LOOKS[-1]
