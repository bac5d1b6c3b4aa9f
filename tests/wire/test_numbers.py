"""Numbers: 38 significant digits, 1E-130 to 9.99…E+125, exact arithmetic. Python's decimal is the yardstick."""

import decimal
import random

import pytest

from support.cases import case
from support.expect import VALIDATION, expect_error, invalid
from support.values import L, M, N, NS, S, normal, unique

LARGEST = "9.9999999999999999999999999999999999999E+125"
SMALLEST = "1E-130"
NINES = "9" * 38
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
IMPRECISE = "Attempting to store more than 38 significant digits in a Number"
EXACT = decimal.Context(prec=38, Emin=-130, Emax=125, traps=[decimal.Inexact, decimal.Overflow, decimal.InvalidOperation])
LOCAL_WORDS = "words it in its own way"
LOCAL_FORM = "prints large numbers with an exponent"


def plain(number: decimal.Decimal) -> str:
    """As DynamoDB prints it: no exponent, no zeros that say nothing."""
    if number == 0:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@pytest.fixture(scope="module")
def store(client, hash_table):
    def run(value):
        key = {"pk": S(unique("number"))}
        client.put_item(TableName=hash_table, Item={**key, "n": value})
        return client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)["Item"]["n"]

    return run


FORMS = [
    # sent, returned
    ("0", "0"), ("-0", "0"), ("0.0", "0"), ("000", "0"), ("0e10", "0"), ("0E-20", "0"), ("+0", "0"),
    ("1", "1"), ("+1", "1"), ("-1", "-1"), ("00042", "42"), ("-007", "-7"), ("1.0", "1"), ("1.50", "1.5"), ("100", "100"),
    (".5", "0.5"), ("-.5", "-0.5"), ("5.", "5"), ("0.1", "0.1"), ("0.000001", "0.000001"), ("1.5E2", "150"), ("1.5e+2", "150"),
    ("15e-1", "1.5"), ("1E2", "100"), ("1e-2", "0.01"), ("123.456e3", "123456"), ("0.00123e2", "0.123"),
    ("9007199254740993", "9007199254740993"), ("18446744073709551616", "18446744073709551616"), ("-9223372036854775809",
    "-9223372036854775809"), (NINES, NINES), ("-" + NINES, "-" + NINES), ("0." + NINES, "0." + NINES),
    ("1234567890123456789.0123456789012345678", "1234567890123456789.0123456789012345678"),
    (NINES + "000", NINES + "000"), (NINES + ".000", NINES), ("000" + NINES, NINES),
    ("1." + "0" * 60, "1"), ("0." + "0" * 60 + "1", "0." + "0" * 60 + "1"),
]


@pytest.mark.parametrize("sent, returned", FORMS, ids=[sent for sent, _ in FORMS])
def test_stored_number_comes_back_in_its_normal_form(store, sent, returned):
    got = store(N(sent))["N"]
    assert decimal.Decimal(got) == decimal.Decimal(sent)
    assert got == returned


LARGE_FORMS = ["1E125", "-1E125", LARGEST, "-" + LARGEST, SMALLEST, "-" + SMALLEST, "1.2345E-120", "9.99E-130", "12E+100",
               "3.1415926535897932384626433832795028841E-93"]


@pytest.mark.differs_from_dynamodb_local(LOCAL_FORM)
@pytest.mark.parametrize("sent", LARGE_FORMS)
def test_large_exponents_are_written_out(store, sent):
    assert store(N(sent)) == N(plain(decimal.Decimal(sent)))


@pytest.mark.parametrize("sent", LARGE_FORMS)
def test_large_exponents_keep_their_value(store, sent):
    assert decimal.Decimal(store(N(sent))["N"]) == decimal.Decimal(sent)


def test_random_numbers_come_back_exactly(client, hash_table):
    random.seed(20261122)
    numbers = []
    for _ in range(400):
        digits = "".join(random.choices("0123456789", k=random.randint(1, 38)))
        exponent = random.randint(-130, 125 - len(digits.lstrip("0") or "0"))
        numbers.append(f"{random.choice(['', '-'])}{digits}E{exponent}")
    key = {"pk": S(unique("random"))}
    client.put_item(TableName=hash_table, Item={**key, "l": L(*[N(n) for n in numbers])})
    got = client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)["Item"]["l"]["L"]
    wrong = [(sent, g["N"]) for sent, g in zip(numbers, got, strict=True) if decimal.Decimal(sent) != decimal.Decimal(g["N"])]
    assert wrong == [], "expected each number as it was sent"


@pytest.mark.differs_from_dynamodb_local("normalises them only at the top")
def test_numbers_inside_documents_and_sets_are_normalised(store):
    got = store(M(l=L(N("1.0"), M(x=N("007"))), s=NS("1e1", "2.50")))
    assert normal(got) == normal(M(l=L(N("1"), M(x=N("7"))), s=NS("10", "2.5")))


REFUSED = [
    case("letter", "abc", "The parameter cannot be converted to a numeric value: abc"),
    case("empty", "", "The parameter cannot be converted to a numeric value"),
    case("blank", " ", "The parameter cannot be converted to a numeric value:  "),
    case("blank before", " 1", "The parameter cannot be converted to a numeric value:  1"),
    case("blank after", "1 ", "The parameter cannot be converted to a numeric value: 1 "),
    case("newline", "1\n", None),
    case("NaN", "NaN", "The parameter cannot be converted to a numeric value: NaN"),
    case("Infinity", "Infinity", "The parameter cannot be converted to a numeric value: Infinity"),
    case("minus Infinity", "-Infinity", "The parameter cannot be converted to a numeric value: -Infinity"),
    case("hexadecimal", "0x10", "The parameter cannot be converted to a numeric value: 0x10"),
    case("comma", "1,5", "The parameter cannot be converted to a numeric value: 1,5"),
    case("underscore", "1_000", "The parameter cannot be converted to a numeric value: 1_000"),
    case("two points", "1.2.3", "The parameter cannot be converted to a numeric value: 1.2.3"),
    case("two signs", "--1", "The parameter cannot be converted to a numeric value: --1"),
    case("sign alone", "-", "The parameter cannot be converted to a numeric value: -"),
    case("point alone", ".", "The parameter cannot be converted to a numeric value: ."),
    case("exponent without digits", "1e", "The parameter cannot be converted to a numeric value: 1e"),
    case("exponent with sign alone", "1e+", "The parameter cannot be converted to a numeric value: 1e+"),
    case("exponent with point", "1e1.5", "The parameter cannot be converted to a numeric value: 1e1.5"),
    case("exponent alone", "e5", "The parameter cannot be converted to a numeric value: e5"),
    case("Java suffix", "1d", "The parameter cannot be converted to a numeric value: 1d"),
    case("other digits", "٣", None, local="takes them"),
    case("NUL inside", "1\x002", None),
    case("39 digits", "1" * 39, IMPRECISE),
    case("39 digits with a point", "1." + "1" * 38, IMPRECISE),
    case("39 digits, small", "0." + "1" * 39, IMPRECISE),
    case("1E126", "1E126", OVERFLOW),
    case("-1E126", "-1E126", OVERFLOW),
    case("1E9999", "1E9999", OVERFLOW),
    case("127 digits", "1" + "0" * 126, OVERFLOW),
    case("1E-131", "1E-131", UNDERFLOW),
    case("9.9E-131", "9.9E-131", UNDERFLOW),
    case("-1E-131", "-1E-131", UNDERFLOW),
    case("1E-9999", "1E-9999", UNDERFLOW),
]


@pytest.mark.parametrize("sent, message", REFUSED)
def test_refused_number(raw, hash_table, endpoint, sent, message):
    response = raw("PutItem", TableName=hash_table, Item={"pk": S("x"), "n": N(sent)})
    invalid(response, None if endpoint.kind == "dynamodb-local" else message)


@pytest.mark.parametrize("sent", ["1E99999999999999999999", "1E-99999999999999999999", "9" * 5000, "1E" + "9" * 5000])
def test_absurd_numbers_are_refused(raw, hash_table, sent):
    invalid(raw("PutItem", TableName=hash_table, Item={"pk": S("x"), "n": N(sent)}))


@pytest.mark.parametrize("where", ["set", "list", "map", "key", "expression"])
def test_refused_number_anywhere(raw, hash_table, number_table, endpoint, where):
    message = "The parameter cannot be converted to a numeric value: x"
    item = {"pk": S("x")}
    params = {"TableName": hash_table, "Item": item}
    if where == "set":
        item["a"] = NS("1", "x")
    elif where == "list":
        item["a"] = L(N(1), L(N("x")))
    elif where == "map":
        item["a"] = M(b=M(c=N("x")))
    elif where == "key":
        item["sk"] = N("x")
        params["TableName"] = number_table
    else:
        params.update(ConditionExpression="a = :v", ExpressionAttributeValues={":v": N("x")})
        message = f"ExpressionAttributeValues contains invalid value: {message} for key :v"
    invalid(raw("PutItem", params), None if endpoint.kind == "dynamodb-local" else message)


@pytest.mark.differs_from_dynamodb_local("takes JSON numbers")
@pytest.mark.parametrize("value, kind", [("5", "NUMBER"), ("-7", "NUMBER"), ("0", "NUMBER"), ("-1.5", "DECIMAL"), ("1e3", "DECIMAL")])
def test_bare_json_number_is_refused(raw, hash_table, value, kind):
    body = '{"TableName": "%s", "Item": {"pk": {"S": "x"}, "n": {"N": %s}}}' % (hash_table, value)
    expect_error(raw("PutItem", body), "com.amazon.coral.service#SerializationException",
                 f"{kind}_VALUE cannot be converted to String")


@pytest.fixture(scope="module")
def calculate(raw, client, hash_table):
    key = {"pk": S(unique("arithmetic"))}

    def run(left, operator, right):
        client.put_item(TableName=hash_table, Item={**key, "n": N(left)})
        response = raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression=f"SET n = n {operator} :v",
                       ExpressionAttributeValues={":v": N(right)}, ReturnValues="UPDATED_NEW")
        return response

    return run


SUMS = [
    ("5", "+", "0.1"), ("0.1", "+", "0.2"), ("1", "-", "0.9"), ("-5", "+", "5"), ("10", "-", "10.0"), ("1E37", "+", "1"),
    (NINES, "+", "1"), ("-" + NINES, "-", "1"), (NINES, "-", "1"), ("1E38", "-", "1"), ("0." + NINES, "+", "0." + "0" * 37 + "1"),
    ("1E-130", "+", "1E-130"), ("1E-130", "-", "1E-130"), ("9E-130", "+", "1E-130"), ("1E-93", "+", "1E-130"),
    ("5E125", "+", "4E125"), ("-5E125", "-", "4E125"), ("1E125", "-", "1E125"), ("9E125", "+", "0"), ("0", "-", "1E-130"),
    ("12345678901234567890", "+", "0.123456789012345678"), ("-0.5", "+", "0.25"), ("1E20", "+", "1E-17"),
    ("99999999999999999999.999999999999999999", "-", "0.000000000000000001"), ("5E37", "+", "5E37"),
]


@pytest.mark.parametrize("left, operator, right", SUMS, ids=[" ".join(s) for s in SUMS])
def test_sum_is_exact(calculate, left, operator, right):
    a, b = decimal.Decimal(left), decimal.Decimal(right)
    expected = EXACT.add(a, b) if operator == "+" else EXACT.subtract(a, b)
    got = calculate(left, operator, right)["Attributes"]["n"]["N"]
    assert decimal.Decimal(got) == expected


def test_random_sums_are_exact_or_refused(calculate):
    random.seed(42)
    for _ in range(150):
        scale = random.randint(-60, 60)
        left, right = (f"{random.choice(['', '-'])}{random.randrange(10 ** random.randint(1, 38))}E{scale + random.randint(-6, 6)}"
                       for _ in range(2))
        operator = random.choice("+-")
        response = calculate(left, operator, right)
        try:
            b = decimal.Decimal(right)
            expected = EXACT.add(decimal.Decimal(left), b if operator == "+" else b.copy_negate())
        except decimal.Inexact:
            expect_error(response, VALIDATION)
            continue
        assert decimal.Decimal(response["Attributes"]["n"]["N"]) == expected, f"{left} {operator} {right}"


LOST = [
    case("39 digits", "1E50", "+", "1", OVERFLOW),
    case("39 digits with a fraction", NINES, "+", "0.1", OVERFLOW),
    case("far apart", "1", "+", "1E-130", OVERFLOW),
    case("too large", LARGEST, "+", LARGEST, OVERFLOW),
    case("too large, negative", "-" + LARGEST, "-", LARGEST, OVERFLOW),
]


@pytest.mark.parametrize("left, operator, right, message", LOST)
def test_sum_that_would_lose_digits(calculate, endpoint, left, operator, right, message):
    response = calculate(left, operator, right)
    invalid(response, None if endpoint.kind == "dynamodb-local" else message)


def test_difference_too_small_underflows(raw, client, hash_table):
    # Both operands may be stored, their difference may not: 1.5E-130 has a digit below 1E-130 and is legal.
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "n": N("1.1E-130")})
    response = raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression="SET n = n - :v",
                   ExpressionAttributeValues={":v": N("1E-130")})
    invalid(response, UNDERFLOW)


@pytest.mark.parametrize("number, added", [("5", "0.1"), ("-3", "1E20"), (NINES, "1"), ("0", "-" + NINES)])
def test_add_clause_is_exact(client, hash_table, number, added):
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "n": N(number)})
    got = client.update_item(TableName=hash_table, Key=key, UpdateExpression="ADD n :v",
                             ExpressionAttributeValues={":v": N(added)}, ReturnValues="ALL_NEW")["Attributes"]["n"]["N"]
    assert decimal.Decimal(got) == EXACT.add(decimal.Decimal(number), decimal.Decimal(added))


ORDERED = ["-" + LARGEST, "-1E125", "-" + NINES, "-100.5", "-100", "-10", "-9", "-1." + "0" * 36 + "1",
           "-1", "-0.5", "-0.05", "-1E-129", "-1E-130", "0", "1E-130", "1.5E-130", "1E-129", "0.05", "0.5",
           "0.99999999999999999999999999999999999999", "1", "1.0000000000000000000000000000000000001", "2", "9", "10", "11",
           "99", "100", "100.5", "9007199254740992", "9007199254740993", "1E37", NINES, "1E38", "1E125", LARGEST]


def test_number_keys_order_by_value(client, number_table):
    pk = S(unique("order"))
    shuffled = ORDERED[:]
    random.Random(1).shuffle(shuffled)
    for number in shuffled:
        client.put_item(TableName=number_table, Item={"pk": pk, "sk": N(number)})
    for forward in (True, False):
        items = client.query(TableName=number_table, KeyConditionExpression="pk = :p", ConsistentRead=True,
                             ExpressionAttributeValues={":p": pk}, ScanIndexForward=forward)["Items"]
        got = [decimal.Decimal(item["sk"]["N"]) for item in items]
        expected = [decimal.Decimal(n) for n in ORDERED]
        assert got == (expected if forward else expected[::-1])


def test_one_number_in_two_spellings_is_one_key(client, number_table):
    pk = S(unique("spelling"))
    client.put_item(TableName=number_table, Item={"pk": pk, "sk": N("100"), "a": S("first")})
    client.put_item(TableName=number_table, Item={"pk": pk, "sk": N("1.00E2"), "a": S("second")})
    item = client.get_item(TableName=number_table, Key={"pk": pk, "sk": N("0100.0")}, ConsistentRead=True)["Item"]
    assert item == {"pk": pk, "sk": N("100"), "a": S("second")}


def test_set_of_one_number_in_two_spellings_has_duplicates(raw, hash_table, endpoint):
    response = raw("PutItem", TableName=hash_table, Item={"pk": S("x"), "n": NS("1", "1.0")})
    invalid(response, None if endpoint.kind == "dynamodb-local" else "Input collection contains duplicates")
