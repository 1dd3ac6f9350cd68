#!/usr/bin/env bash
# Fails on C++ that clang-format would write otherwise.
cd "$1" || exit 1
command -v clang-format > /dev/null || { echo "error: no clang-format; scripts/setup --peers" >&2; exit 1; }
find . \( -path ./build -o -path ./.venv -o -path ./.git \) -prune -o \( -name '*.h' -o -name '*.cc' \) -print |
  xargs clang-format --dry-run --Werror
