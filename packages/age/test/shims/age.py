"""The part of age's command line that a recovery uses, over rage (Rust) by its Python binding: a second independent implementation."""

import argparse
import sys

import pyrage
from pyrage import x25519

parser = argparse.ArgumentParser(prog="age")
parser.add_argument("-d", "--decrypt", action="store_true")
parser.add_argument("-e", "--encrypt", action="store_true")
parser.add_argument("-i", "--identity", action="append", default=[])
parser.add_argument("-r", "--recipient", action="append", default=[])
parser.add_argument("-o", "--output")
parser.add_argument("--version", action="version", version="rage by pyrage")
parser.add_argument("input", nargs="?")


def identities(files):
    for name in files:
        with open(name, encoding="utf-8") as lines:
            for line in map(str.strip, lines):
                if line and not line.startswith("#"):
                    yield x25519.Identity.from_str(line)


def main(asked):
    source = open(asked.input, "rb") if asked.input and asked.input != "-" else sys.stdin.buffer
    target = open(asked.output, "wb") if asked.output and asked.output != "-" else sys.stdout.buffer
    with source, target:
        if asked.decrypt:
            pyrage.decrypt_io(source, target, list(identities(asked.identity)))
        else:
            pyrage.encrypt_io(source, target, [x25519.Recipient.from_str(name) for name in asked.recipient])


try:
    main(parser.parse_args())
except Exception as error:  # as age does: one line and status 1, whatever it was
    sys.exit(f"age: error: {error}")
