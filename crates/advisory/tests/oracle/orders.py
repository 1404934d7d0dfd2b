"""Orders of versions that both oracles need, and that no tool here gives."""

import re


def alpine(version):
    """https://wiki.alpinelinux.org/wiki/APKBUILD_Reference#pkgver, and parts with a leading zero as text."""
    match = re.fullmatch(r"(\d+)((?:\.\d+)*)([a-z]?)((?:_[a-z]+\d*)*)(?:-r(\d+))?", version)
    if not match:
        raise ValueError(version)
    words = {"alpha": -4, "beta": -3, "pre": -2, "rc": -1, "cvs": 1, "svn": 2, "git": 3, "hg": 4, "p": 5}
    numbers = [(0, part, 0) if part[0] == "0" else (1, "", int(part)) for part in match[2].split(".")[1:]]
    suffixes = []
    for word, number in re.findall(r"_([a-z]+)(\d*)", match[4]):
        if word not in words:
            raise ValueError(version)
        suffixes += [(words[word], 1 if number else 0, int(number or 0))]
    # The end of the suffixes lies between those before and those after the bare version.
    return int(match[1]), numbers, match[3], suffixes + [(0, 0, 0)], int(match[5] or 0), match[5] is not None
