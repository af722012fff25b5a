#!/usr/bin/env python3
"""What each case of cases.json costs, reckoned apart from the program: exact fractions, rounded where the rules say so.

    python3 tests/prove/pricing/expected.py        writes expected.json beside this file

Rules, in the order they apply:
 1. A night costs what is set for `included_adults`. Each adult fewer takes `missing_adult` off, each beyond adds
    `extra_adult`; a child adds its age band's amount and, without a band, counts as an adult; each person beyond
    `standard_places` adds `extra_bed`. Never below zero.
 2. A derived plan takes percent or amount of that; then the promo code does. Each step is rounded, none below zero.
 3. An extra costs price x quantity for the stay, the night, each person, or each person and night.
 4. A tax or fee counts on the nights from valid_from to valid_to, the first cap_nights of them; what is not by night
    goes by the first night. A percentage included in the price is gross x rate / (100 + all rates included in that
    gross); another is taken of the gross without included ones. It is summed over all it applies to, rounded once half
    up, held to cap_amount, and split by the gross of each night: whole units of money by rank of the largest
    remainder, the earlier first.
 5. The total is nights, extras and everything that is not included.
"""
import json
import math
import pathlib
from fractions import Fraction

PLACES = {"EUR": 2, "USD": 2, "CHF": 2, "JPY": 0, "KWD": 3}


class Money:
    """Integers in the currency's smallest unit; fractions of it before rounding."""

    def __init__(self, currency):
        self.unit = 10 ** PLACES[currency]
        self.places = PLACES[currency]

    def exact(self, text):
        return Fraction(text) * self.unit

    def half_up(self, amount):
        return math.floor(amount + Fraction(1, 2))

    def show(self, units):
        whole = f"{abs(units):0{self.places + 1}d}"
        cut = len(whole) - self.places
        return ("-" if units < 0 else "") + whole[:cut] + ("." + whole[cut:] if self.places else "")


def portion(total, weights):
    """total in whole units, shared out by weight."""
    if not sum(weights):
        weights = [1] * len(weights)
    shares = [Fraction(total) * w / sum(weights) for w in weights]
    given = [math.floor(s) for s in shares]
    ranked = sorted(range(len(shares)), key=lambda i: (given[i] - shares[i], i))
    for i in ranked[: total - sum(given)]:
        given[i] += 1
    return given


def night_prices(house, case, money):
    plan = house["plans"][case["plan"]]
    prices = house["prices"][case["type"]]
    rule = house.get("occupancy", {}).get(case["type"])
    ages = case.get("ages", [])
    out = []
    for day in range(case["from"], case["from"] + case["nights"]):
        price = money.exact(prices[day % len(prices)])
        if rule:
            price = occupied(price, rule, case["adults"], ages, money)
        if "percent" in plan:
            price = max(0, price * (100 + Fraction(plan["percent"])) / 100)
        if "amount" in plan:
            price = max(0, price + money.exact(plan["amount"]))
        price = money.half_up(price)
        if "promo" in case:
            promo = house["promos"][case["promo"]]
            if promo["kind"] == "percent":
                price = price * (100 - Fraction(promo["value"])) / 100
            else:
                price = price - money.exact(promo["value"])
            price = money.half_up(max(0, price))
        out.append(price)
    return out


def occupied(price, rule, adults, ages, money):
    as_adults = adults
    for age in ages:
        bands = [b for b in rule.get("children", []) if b["from_age"] <= age <= b["to_age"]]
        if bands:
            price += money.exact(bands[0]["amount"])
        else:
            as_adults += 1
    difference = as_adults - rule["included_adults"]
    if difference < 0:
        price += difference * money.exact(rule.get("missing_adult", "0"))
    else:
        price += difference * money.exact(rule.get("extra_adult", "0"))
    if "standard_places" in rule:
        crowd = adults + len(ages) - rule["standard_places"]
        price += max(0, crowd) * money.exact(rule.get("extra_bed", "0"))
    return max(Fraction(0), price)


def by_person(charge):
    return charge in ("per_person", "per_person_night")


def by_night(charge):
    return charge in ("per_night", "per_person_night")


def extra_lines(house, case, money):
    out = []
    guests = case["adults"] + len(case.get("ages", []))
    for code, quantity in case.get("extras", {}).items():
        extra = house["extras"][code]
        pieces = quantity * (guests if by_person(extra["charge"]) else 1)
        amount = int(money.exact(extra["price"]) * pieces)
        days = range(case["from"], case["from"] + case["nights"]) if by_night(extra["charge"]) else [None]
        for day in days:
            out.append({"code": code, "kind": "extra", "source": "extras", "night": day, "quantity": pieces,
                        "amount": amount, "included": False})
    return out


def holds(tax, day):
    return tax.get("valid_from", -10**6) <= day <= tax.get("valid_to", 10**6)


def taxed_days(tax, case):
    days = [d for d in range(case["from"], case["from"] + case["nights"]) if holds(tax, d)]
    return days[: tax.get("cap_nights", len(days))]


def applies(tax, part, case):
    source, day = part
    if tax["charge"] != "percent" or tax["percent_of"] not in ("all", source):
        return False
    return day in taxed_days(tax, case) if day is not None else holds(tax, case["from"])


def heads(tax, case):
    low, high = tax.get("from_age", 0), tax.get("to_age", 999)
    grown = case["adults"] if high >= 18 else 0
    return grown + sum(1 for age in case.get("ages", []) if low <= age <= high)


def held(tax, amount, money):
    return min(amount, int(money.exact(tax["cap_amount"]))) if "cap_amount" in tax else amount


def tax_lines(house, case, prices, extras, money):
    """Gross by part: (room, night) in order, then (extras, night), then (extras, None)."""
    days = list(range(case["from"], case["from"] + case["nights"]))
    gross = {("room", d): p for d, p in zip(days, prices)}
    for day in days + [None]:
        amounts = [e["amount"] for e in extras if e["night"] == day]
        if amounts:
            gross[("extras", day)] = sum(amounts)
    out = []

    def put(tax, part, quantity, amount):
        if amount:
            out.append({"code": tax["code"], "kind": tax["kind"], "source": part[0], "night": part[1],
                        "quantity": quantity, "amount": amount, "included": tax["included"]})

    for tax in house.get("taxes", []):
        if tax["charge"] == "percent":
            parts = [p for p in gross if applies(tax, p, case)]
            total = Fraction(0)
            for part in parts:
                inside = sum(Fraction(t["value"]) for t in house["taxes"] if t["included"] and applies(t, part, case))
                total += gross[part] * Fraction(tax["value"]) / (100 + inside)
            total = held(tax, money.half_up(total), money)
            for part, amount in zip(parts, portion(total, [gross[p] for p in parts])):
                put(tax, part, 1, amount)
            continue
        quantity = heads(tax, case) if by_person(tax["charge"]) else 1
        each = int(money.exact(tax["value"])) * quantity
        if by_night(tax["charge"]):
            on = taxed_days(tax, case)
            total = held(tax, each * len(on), money)
            for day, amount in zip(on, portion(total, [1] * len(on))):
                put(tax, ("room", day), quantity, amount)
        elif holds(tax, case["from"]):
            total = held(tax, each, money)
            if tax["included"]:
                for day, amount in zip(days, portion(total, prices)):
                    put(tax, ("room", day), quantity, amount)
            else:
                put(tax, ("room", None), quantity, total)
    return out


def reckon(house, case):
    money = Money(house["currency"])
    prices = night_prices(house, case, money)
    extras = extra_lines(house, case, money)
    lines = extras + tax_lines(house, case, prices, extras, money)
    total = sum(prices) + sum(l["amount"] for l in lines if not l["included"])
    return {"name": case["name"], "nights": " ".join(map(money.show, prices)), "lines": shown(lines, money),
            "total": money.show(total)}


def shown(lines, money):
    """Lines that differ by their night only share a row: night:amount, and - for once a stay."""
    rows = {}
    for line in lines:
        key = f"{line['code']} {line['kind']} {line['source']} x{line['quantity']} " + (
            "included" if line["included"] else "added")
        night = "-" if line["night"] is None else line["night"]
        rows.setdefault(key, []).append(f"{night}:{money.show(line['amount'])}")
    return {key: " ".join(parts) for key, parts in sorted(rows.items())}


def main():
    here = pathlib.Path(__file__).parent
    given = json.loads((here / "cases.json").read_text())
    rows = [json.dumps(reckon(given["houses"][c["house"]], c)) for c in given["cases"]]
    (here / "expected.json").write_text("[\n" + ",\n".join(rows) + "\n]\n")
    print(f"{len(rows)} cases")


if __name__ == "__main__":
    main()
