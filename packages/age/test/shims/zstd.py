"""The part of zstd's command line that a recovery uses, over libzstd by python-zstandard: every frame is read, a cut one is an error."""

import re
import sys

import zstandard

BLOCK = 1 << 17


def decompress(source, target):
    frame, started = None, False
    while block := source.read(BLOCK):
        started = True
        while block:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            target.write(frame.decompress(block))
            block = b""
            if frame.eof:
                frame, block = None, frame.unused_data
    if frame or not started:
        sys.exit("zstd: error: premature end of the compressed stream")


def main(arguments):
    level, unpack, names, output = 3, False, [], None
    words = iter(arguments)
    for word in words:
        if word == "-o":
            output = next(words)
        elif word in ("-d", "--decompress"):
            unpack = True
        elif re.fullmatch(r"-\d+", word):
            level = int(word[1:])
        elif word == "--version":
            return print(f"zstd {'.'.join(map(str, zstandard.ZSTD_VERSION))} by python-zstandard")
        elif not re.fullmatch(r"-[cqf]+|-", word):
            names.append(word)
    source = open(names[0], "rb") if names else sys.stdin.buffer
    target = open(output, "wb") if output else sys.stdout.buffer
    with source, target:
        if unpack:
            decompress(source, target)
        else:
            zstandard.ZstdCompressor(level=level, write_checksum=True).copy_stream(source, target)


try:
    main(sys.argv[1:])
except (OSError, zstandard.ZstdError) as error:
    sys.exit(f"zstd: error: {error}")
