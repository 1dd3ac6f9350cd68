#!/usr/bin/env bash
# ICU's uspoof finds plain English words confusable, and does not find a zero in the place of an o.
#
# Whoever folds words by UTS 39 skeletons, to see through disguises in a list of blocked words, may expect that
# "sw0rd" is "sword" and that words of plain letters are themselves. With ICU 72.1 (through PyICU 2.15.2, on the
# libicu of Debian 12) it is the other way round: the skeleton of "m" is "rn", so that "bum" is confusable with
# "burn" and "modern" with "modem"; and that of "0" is a capital O, so that "sw0rd" is not confusable with "sword",
# while "SW0RD" is with "SWORD". "1" is an l, so that "1ion" is a lion. The tables are Unicode's (confusables.txt),
# which fold no case.
#
# Imprint takes skeletons of words alone that have anything but the letters a to z, and folds case after it
# (text/policy/folded_words.cc). Needs g++, pkg-config and libicu-dev. Exits with 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q PyICU==2.15.2

cat > "$folder/compare.py" <<'PYTHON'
import icu

checker = icu.SpoofChecker()
print(f"ICU {icu.ICU_VERSION}")
for a, b in [("bum", "burn"), ("modern", "modem"), ("sw0rd", "sword"), ("SW0RD", "SWORD"), ("1ion", "lion")]:
    alike = "confusable" if checker.areConfusable(a, b) else "not confusable"
    print(f"{a} {b}: {alike}, {checker.getSkeleton(0, a)} {checker.getSkeleton(0, b)}")
PYTHON

"$folder/venv/bin/python" "$folder/compare.py" | tee "$folder/seen"
diff - "$folder/seen" <<'EXPECTED'
ICU 72.1
bum burn: confusable, burn burn
modern modem: confusable, rnodern rnodern
sw0rd sword: not confusable, swOrd sword
SW0RD SWORD: confusable, SWORD SWORD
1ion lion: confusable, lion lion
EXPECTED
