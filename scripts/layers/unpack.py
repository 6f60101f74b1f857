"""unpack.py WHEEL FOLDER PATTERN: unpacks what matches from a wheel, or from the tar.gz that the wheel holds.

Names are relative to the archive's top folder. The wheel's digest was checked before, so its names are trusted.
"""
import os
import re
import shutil
import sys
import tarfile
import zipfile

wheel, folder, pattern = sys.argv[1:]
wanted = re.compile(pattern)


def place(name):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def write(source, name, executable):
    with open(place(name), "wb") as file:
        shutil.copyfileobj(source, file)
        os.fchmod(file.fileno(), 0o755 if executable else 0o644)


def unpack_tar(tar):
    for member in tar:
        name = member.name.partition("/")[2]
        if not wanted.search(name):
            continue
        if member.issym():
            os.symlink(member.linkname, place(name))
        elif member.isfile():
            write(tar.extractfile(member), name, member.mode & 0o100)


with zipfile.ZipFile(wheel) as archive:
    inner = [name for name in archive.namelist() if name.endswith(".tar.gz")]
    if inner:
        with archive.open(inner[0]) as stream, tarfile.open(fileobj=stream, mode="r|gz") as tar:
            unpack_tar(tar)
    else:
        for name in archive.namelist():
            if wanted.search(name):
                with archive.open(name) as member:
                    write(member, name, False)
