#!/usr/bin/env python3
"""Writes tests/unit/value/number_cases.h: what Python's decimal says about numbers, sums, differences and order.

usage: tests/support/number_cases.py > tests/unit/value/number_cases.h
"""

import decimal
import random

decimal.getcontext().prec = 700
decimal.getcontext().Emax = 10**6
decimal.getcontext().Emin = -(10**6)
DIGITS = 38
LEAD_MIN, LEAD_MAX = -130, 125


def judge(number):
    """The result and, if it is OK, the canonical text."""
    if number == 0:
        return "NUMBER_OK", "0"
    normal = number.normalize()
    if len(normal.as_tuple().digits) > DIGITS:
        return "NUMBER_IMPRECISE", ""
    if normal.adjusted() > LEAD_MAX:
        return "NUMBER_OVERFLOW", ""
    if normal.adjusted() < LEAD_MIN:
        return "NUMBER_UNDERFLOW", ""
    return "NUMBER_OK", format(normal, "f")


def size(number):
    """Digits in pairs from the point, without the pairs of zeros at both ends."""
    if number == 0:
        return 1
    whole, _, fraction = format(abs(number).normalize(), "f").partition(".")
    digits = "0" * (len(whole) % 2) + whole + fraction + "0" * (len(fraction) % 2)
    pairs = [digits[i : i + 2] for i in range(0, len(digits), 2)]
    while pairs[0] == "00":
        pairs.pop(0)
    while pairs[-1] == "00":
        pairs.pop()
    return min(21, 1 + len(pairs) + (number < 0))


def some_number(dice):
    """A number in range, with a taste for the edges."""
    count = dice.choice([1, 1, 2, 3, 5, 10, 18, 19, 20, 21, 36, 37, 38])
    shape = dice.random()
    if shape < 0.15:
        digits = "9" * count
    elif shape < 0.3:
        digits = "1" + "0" * (count - 1)
    else:
        digits = str(dice.randint(1, 9)) + "".join(dice.choice("0123456789") for _ in range(count - 1))
    lead = dice.choice([LEAD_MIN, LEAD_MAX, 0, dice.randint(LEAD_MIN, LEAD_MAX), dice.randint(-40, 40), dice.randint(-3, 3)])
    return decimal.Decimal((dice.randint(0, 1), tuple(map(int, digits)), lead - count + 1))


def near(dice, a):
    """A number that shares digits with `a`: its neighbours, its complement to a round number, its negative."""
    last = a.normalize().as_tuple().exponent
    step = decimal.Decimal((0, (dice.randint(1, 9),), last + dice.choice([0, 0, 1, -1, 5])))
    other = dice.choice([a + step, a - step, -a, decimal.Decimal((0, (1,), a.adjusted() + 1)) - a, a * 10, a])
    return other if judge(other)[0] == "NUMBER_OK" else a


def send(dice, number):
    """The number as some client might write it."""
    sign, digits, exponent = number.as_tuple()
    text = "".join(map(str, digits)) + "0" * dice.choice([0, 0, 0, 1, 7])
    exponent -= len(text) - len(digits)
    text = "0" * dice.choice([0, 0, 1, 5]) + text
    point = dice.randint(0, len(text))
    shift = len(text) - point
    text = text[:point] + ("." if point < len(text) or dice.random() < 0.3 else "") + text[point:]
    mark = dice.choice("eE") + ("+" if exponent + shift >= 0 and dice.random() < 0.5 else "")
    return ("-" if sign else dice.choice(["", "", "+"])) + text + mark + str(exponent + shift)


def main():
    dice = random.Random(38)
    print("/* Made by tests/support/number_cases.py; do not edit. */")
    print("/* clang-format off */")
    print("static const struct parse_case PARSE_CASES[] = {")
    for _ in range(200):
        number = some_number(dice)
        if dice.random() < 0.2:
            number *= decimal.Decimal((0, (1,), dice.choice([-250, -130, -3, -1, 1, 3, 125, 250])))
        result, text = judge(number)
        print(f'    {{"{send(dice, number)}", {result}, "{text}", {size(number)}}},')
    print("};\n")
    print("static const struct sum_case SUM_CASES[] = {")
    for _ in range(500):
        a = some_number(dice)
        b = near(dice, a) if dice.random() < 0.5 else some_number(dice)
        plus, minus = judge(a + b), judge(a - b)
        order = (a > b) - (a < b)
        print(f'    {{"{a:e}", "{b:e}", {plus[0]}, "{plus[1]}", {minus[0]}, "{minus[1]}", {order}}},')
    print("};")
    print("/* clang-format on */")


if __name__ == "__main__":
    main()
