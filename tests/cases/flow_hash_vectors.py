#!/usr/bin/env python3
"""Test vectors of docs/flow-hash.md, from that page alone: shares nothing with the C# and C implementations.

Without arguments: says whether flow_hash_vectors.json is what this script makes. With --write: makes it.
"""
import ipaddress
import json
import pathlib
import sys

FILE = pathlib.Path(__file__).with_suffix(".json")
MULTIPLIER = 0xD6E8FEB86659FD93
TABLE_SIZES = [1021, 4093, 16381, 65521, 262139]


def mix(state, word, low):
    state ^= word
    state ^= state >> 32
    state = state * MULTIPLIER % 2**64
    state ^= low
    state ^= state >> 32
    state = state * MULTIPLIER % 2**64
    return state ^ (state >> 32)


def key_halves(key):
    return int(key[:16], 16), int(key[16:], 16)


def number(address):
    return int(ipaddress.ip_address(address))


def words_of_ipv4(packet, fields):
    """What is mixed in, one after the other (section 3)."""
    source, destination = number(packet["source"]), number(packet["destination"])
    ports = packet["sourcePort"] * 2**16 + packet["destinationPort"]
    return {
        "source-address": [source],
        "source-address-and-port": [source * 2**32 + packet["sourcePort"]],
        "five-tuple": [source * 2**32 + destination, packet["protocol"] * 2**32 + ports],
        "destination-port": [packet["destinationPort"]],
    }[fields]


def words_of_ipv6(packet, fields):
    source = list(divmod(number(packet["source"]), 2**64))
    destination = list(divmod(number(packet["destination"]), 2**64))
    ports = packet["sourcePort"] * 2**16 + packet["destinationPort"]
    return {
        "source-address": source,
        "source-address-and-port": source + [packet["sourcePort"]],
        "five-tuple": source + destination + [packet["protocol"] * 2**32 + ports],
        "destination-port": [packet["destinationPort"]],
    }[fields]


def flow_hash(key, packet, fields):
    high, low = key_halves(key)
    words = {"ipv4": words_of_ipv4, "ipv6": words_of_ipv6}[packet["family"]]
    state = high
    for word in words(packet, fields):
        state = mix(state, word, low)
    return state


def slot_of(value, table_size):
    return (value // 2**32) * table_size // 2**32


def shares(weights, table_size):
    total = sum(weights)
    share = [weight * table_size // total for weight in weights]
    remainders = [weight * table_size % total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in order[: table_size - sum(share)]:
        share[i] += 1
    return share


def preferences(key, address, table_size):
    """The slots in the order in which a member wants them."""
    high, low = key_halves(key)
    packed = ipaddress.ip_address(address).packed
    padded = packed.ljust(16, b"\0")
    state = mix(high, int.from_bytes(padded[:8], "big"), low)
    value = mix(state, int.from_bytes(padded[8:], "big") ^ len(packed), low)
    start = value // 2**32 % table_size
    step = value % 2**32 % (table_size - 1) + 1
    return [(start + step * k) % table_size for k in range(table_size)]


def slot_table(key, members, table_size):
    """Slot -> address. Members are (address, weight)."""
    members = sorted((m for m in members if m[1] > 0), key=lambda m: ipaddress.ip_address(m[0]).packed)
    if not members:
        return []
    share = shares([weight for _, weight in members], table_size)
    largest = max(share)
    wishes = [iter(preferences(key, address, table_size)) for address, _ in members]
    taken = [0] * len(members)
    table = [None] * table_size
    turn = 0
    while None in table:
        turn += 1
        for i, (address, _) in enumerate(members):
            due = -(-share[i] * turn // largest)
            while taken[i] < min(due, share[i]):
                slot = next(s for s in wishes[i] if table[s] is None)
                table[slot] = address
                taken[i] += 1
    return table


PLAIN = "000102030405060708090a0b0c0d0e0f"
ZEROS = "0" * 32
ONES = "f" * 32
MIXED = "8f3c1d5e9a7b2604f1e2d3c4b5a69788"
HIGH_ONLY = "8000000000000000" + "0" * 16
LOW_ONLY = "0" * 31 + "1"

VIP = "198.51.100.10"
VIP6 = "2001:db8:100::10"
MEMBERS = [(f"192.0.2.{i}", weight) for i, weight in zip(range(11, 19), [1, 1, 1, 2, 3, 10, 0, 7])]


def packet(source, source_port=40000, destination_port=80, protocol=6, destination=None):
    version = ipaddress.ip_address(source).version
    return {
        "family": f"ipv{version}",
        "source": source,
        "destination": destination or {4: VIP, 6: VIP6}[version],
        "protocol": protocol,
        "sourcePort": source_port,
        "destinationPort": destination_port,
    }


BY_SOURCE = [
    (PLAIN, packet("203.0.113.7")),
    (PLAIN, packet("203.0.113.7", source_port=40001)),
    (PLAIN, packet("203.0.113.8")),
    (PLAIN, packet("192.0.2.1")),
    (PLAIN, packet("1.2.3.4")),
    (PLAIN, packet("4.3.2.1")),
    (PLAIN, packet("255.255.255.255")),
    (PLAIN, packet("0.0.0.0")),
    (ZEROS, packet("0.0.0.0")),
    (ZEROS, packet("203.0.113.7")),
    (ONES, packet("203.0.113.7")),
    (MIXED, packet("203.0.113.7")),
    (HIGH_ONLY, packet("203.0.113.7")),
    (LOW_ONLY, packet("203.0.113.7")),
]
BY_FIVE_TUPLE = [
    (PLAIN, packet("203.0.113.7")),
    (PLAIN, packet("203.0.113.7", source_port=40001)),
    (PLAIN, packet("203.0.113.7", protocol=17)),
    (PLAIN, packet("203.0.113.7", protocol=132)),
    (PLAIN, packet("203.0.113.7", source_port=40001, protocol=132)),
    (PLAIN, packet("203.0.113.7", protocol=136)),
    (PLAIN, packet("203.0.113.7", protocol=33)),
    (PLAIN, packet("203.0.113.7", destination="198.51.100.11")),
    (PLAIN, packet("203.0.113.7", source_port=80, destination_port=20480)),
    (PLAIN, packet("203.0.113.7", source_port=20480, destination_port=80)),
    (PLAIN, packet("203.0.113.7", source_port=0, destination_port=65535)),
    (PLAIN, packet("203.0.113.7", source_port=65535, destination_port=1)),
    (ZEROS, packet("203.0.113.7")),
    (ONES, packet("203.0.113.7")),
    (MIXED, packet("203.0.113.7")),
    (MIXED, packet("203.0.113.8")),
]
BY_SOURCE_6 = [
    (PLAIN, packet("2001:db8::7")),
    (PLAIN, packet("2001:db8::7", source_port=40001)),
    (PLAIN, packet("2001:db8::8")),
    (PLAIN, packet("2001:db8:0:1::7")),
    (PLAIN, packet("::")),
    (PLAIN, packet("::cb00:7107")),
    (PLAIN, packet("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")),
    (ZEROS, packet("2001:db8::7")),
    (ONES, packet("2001:db8::7")),
    (MIXED, packet("2001:db8::7")),
    (LOW_ONLY, packet("2001:db8::7")),
]
BY_SOURCE_AND_PORT = [
    (PLAIN, packet("203.0.113.7")),
    (PLAIN, packet("203.0.113.7", source_port=40001)),
    (PLAIN, packet("203.0.113.7", destination_port=81)),
    (PLAIN, packet("203.0.113.7", protocol=17)),
    (PLAIN, packet("203.0.113.8")),
    (MIXED, packet("203.0.113.7", source_port=65535)),
    (PLAIN, packet("2001:db8::7")),
    (PLAIN, packet("2001:db8::7", source_port=40001)),
    (PLAIN, packet("2001:db8::7", destination_port=81)),
    (PLAIN, packet("2001:db8::7", protocol=17)),
    (MIXED, packet("2001:db8::8", source_port=1)),
]
BY_FIVE_TUPLE_6 = [
    (PLAIN, packet("2001:db8::7")),
    (PLAIN, packet("2001:db8::7", source_port=40001)),
    (PLAIN, packet("2001:db8::7", protocol=17)),
    (PLAIN, packet("2001:db8::7", protocol=132)),
    (PLAIN, packet("2001:db8::7", source_port=40001, protocol=132)),
    (PLAIN, packet("2001:db8::7", protocol=136)),
    (PLAIN, packet("2001:db8::7", protocol=33)),
    (PLAIN, packet("2001:db8::7", destination="2001:db8:100::11")),
    (PLAIN, packet("2001:db8::7", destination="2001:db8:100:1::10")),
    (PLAIN, packet("2001:db8::7", source_port=80, destination_port=20480)),
    (PLAIN, packet("2001:db8::7", source_port=20480, destination_port=80)),
    (ONES, packet("2001:db8::7")),
    (MIXED, packet("2001:db8::8")),
]
BY_DESTINATION_PORT = [
    (PLAIN, packet("203.0.113.7")),
    (PLAIN, packet("203.0.113.8", source_port=40001)),
    (PLAIN, packet("203.0.113.7", destination_port=443)),
    (MIXED, packet("203.0.113.7", destination_port=65535, protocol=17)),
    (PLAIN, packet("2001:db8::7")),
    (PLAIN, packet("2001:db8::7", destination_port=443)),
    (MIXED, packet("2001:db8::8", destination_port=65535, protocol=17)),
]


def vector(key, fields, example):
    value = flow_hash(key, example, fields)
    tables = {size: slot_table(key, MEMBERS, size) for size in TABLE_SIZES[:2]}
    return {
        "key": key,
        "fields": fields,
        **example,
        "hash": f"{value:016x}",
        "slots": {str(size): slot_of(value, size) for size in TABLE_SIZES},
        "servers": {str(size): table[slot_of(value, size)] for size, table in tables.items()},
    }


def main():
    made = {
        "members": [{"address": address, "weight": weight} for address, weight in MEMBERS],
        "vectors": [vector(key, "source-address", p) for key, p in BY_SOURCE]
        + [vector(key, "five-tuple", p) for key, p in BY_FIVE_TUPLE]
        + [vector(key, "source-address", p) for key, p in BY_SOURCE_6]
        + [vector(key, "source-address-and-port", p) for key, p in BY_SOURCE_AND_PORT]
        + [vector(key, "five-tuple", p) for key, p in BY_FIVE_TUPLE_6]
        + [vector(key, "destination-port", p) for key, p in BY_DESTINATION_PORT],
    }
    text = json.dumps(made, indent=1) + "\n"
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(text)
        return
    if FILE.read_text() != text:
        sys.exit(f"{FILE.name} is not what {pathlib.Path(__file__).name} makes")
    print(f"{FILE.name}: {len(made['vectors'])} vectors, as made")


if __name__ == "__main__":
    main()
