# Sourced by the other scripts: where things are, and saying what happens.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
venv=$root/.venv
bin=$root/build/release/bin

say() { printf '\033[1m== %s\033[0m\n' "$*"; }

# as_root CMD...: runs it as root, through sudo where we are not.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo > /dev/null; then sudo "$@"; else
    echo "error: '$*' needs root, and there is no sudo" >&2
    exit 1
  fi
}

# once NAME CONTENT CMD...: runs CMD unless it already succeeded here for this CONTENT.
once() {
  local stamp=$venv/.done-$1 content=$2
  shift 2
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$content" ]; then return 0; fi
  "$@"
  printf '%s' "$content" > "$stamp"
}
