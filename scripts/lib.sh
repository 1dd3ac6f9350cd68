# Sourced by the other scripts: where things are, and saying what happens.
set -euo pipefail
export CDPATH=
script=$(realpath "$0")
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
cd "$root"
venv=$root/.venv
bin=$root/build/release/bin

# usage_if_asked ARG...: prints the calling script's first comment and ends, for -h and --help.
usage_if_asked() {
  case ${1:-} in -h|--help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$script"; exit ;; esac
}

say() { printf '\033[1m== %s\033[0m\n' "$*"; }

# as_root CMD...: runs it as root, through sudo where we are not.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo > /dev/null; then sudo "$@"; else
    echo "error: '$*' needs root, and there is no sudo; ask somebody who has it to run that" >&2
    exit 1
  fi
}

# configure PRESET: unless it has been.
configure() {
  [ ! -f "build/$1/build.ninja" ] || return 0
  say "Configuring build/$1"
  # A failed configuration leaves a cache that would hide what was installed since.
  rm -f "build/$1/CMakeCache.txt"
  cmake --preset "$1" --log-level=WARNING
}

# once NAME CONTENT CMD...: runs CMD unless it already succeeded here for this CONTENT.
once() {
  local stamp=$venv/.done-$1 content=$2
  shift 2
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$content" ]; then return 0; fi
  "$@"
  printf '%s' "$content" > "$stamp"
}
