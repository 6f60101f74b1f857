"""age-keygen over rage: a new key pair, or with -y the recipients of the keys in a file."""

import argparse
import os
import sys

from pyrage import x25519

parser = argparse.ArgumentParser(prog="age-keygen")
parser.add_argument("-o", "--output")
parser.add_argument("-y", action="store_true")
parser.add_argument("input", nargs="?")
asked = parser.parse_args()

if asked.y:
    with open(asked.input, encoding="utf-8") if asked.input else sys.stdin as lines:
        for line in map(str.strip, lines):
            if line and not line.startswith("#"):
                print(x25519.Identity.from_str(line).to_public())
else:
    key = x25519.Identity.generate()
    text = f"# public key: {key.to_public()}\n{key}\n"
    if asked.output:
        with os.fdopen(os.open(asked.output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        print(f"Public key: {key.to_public()}", file=sys.stderr)
    else:
        print(text, end="")
