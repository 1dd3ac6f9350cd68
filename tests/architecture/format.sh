#!/usr/bin/env bash
# Fails on C++ that clang-format would write otherwise.
cd "$1" || exit 1
command -v clang-format > /dev/null || { echo "error: no clang-format; scripts/setup --peers" >&2; exit 1; }
find base formats text imaging engine cli tests -name '*.h' -o -name '*.cc' |
  xargs clang-format --dry-run --Werror
