# Shell functions shared by deploy/quickstart and tests/run. Source it with the project root in $root.
# shellcheck shell=bash disable=SC2154

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' plain=$'\e[0m'
else
  bold='' plain=''
fi

say() { printf '%s==> %s%s\n' "$bold" "$*" "$plain"; }
note() { printf '    %s\n' "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Runs a command with the rights that apt needs: directly as root, else through sudo.
as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "installing packages needs root and there is no sudo; run as root: $*"
  fi
}

# packages_of GROUP...: the packages of these groups, one a line.
packages_of() {
  local group
  for group in "$@"; do
    awk -v group="$group" '$1 == group { print $2 }' "$root/deploy/packages.txt"
  done
}

missing_packages() {
  local package
  for package in $(packages_of "$@"); do
    [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) == ii* ]] || echo "$package"
  done
}

# ensure_packages GROUP...: installs what is missing of these groups, and says what.
ensure_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    note "No apt on this system: nothing is installed. GreenQ is built and tested on Debian 12; elsewhere install the"
    note "counterparts of deploy/packages.txt yourself. CMake names whatever is missing."
    return 0
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if [[ ${#missing[@]} -eq 0 ]]; then
    note "All needed Debian packages are installed."
    return 0
  fi
  note "Installing ${#missing[@]} missing Debian packages: ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q ||
    note "apt-get update failed; trying with the package lists at hand"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" ||
    die "apt-get could not install: ${missing[*]}. Run 'sudo apt-get update' and look at its messages, then try again."
}

# build_preset PRESET [TARGET...]: configures and builds with ninja's own progress line.
build_preset() {
  local preset=$1
  shift
  local dir=$root/build/$preset targets=()
  mkdir -p "$dir" 2>/dev/null || true
  [[ -w $dir ]] || die "cannot write to $dir; it belongs to another user. Remove it, or run as the user that made it."
  local target
  for target in "$@"; do targets+=(--target "$target"); done
  say "Configuring build/$preset"
  (cd "$root" && cmake --preset "$preset" -Wno-dev) >"$dir/configure.log" 2>&1 || {
    tail -n 30 "$dir/configure.log" >&2
    die "cmake could not configure; the whole log is $dir/configure.log"
  }
  say "Building build/$preset with $(build_jobs) parallel compilers (a first build takes several minutes)"
  (cd "$root" && NINJA_STATUS='[%f/%t %es] ' cmake --build --preset "$preset" -j "$(build_jobs)" "${targets[@]}") ||
    die "the build failed; the compiler's message stands above"
}

# One compiler per core, but no more than memory allows: the largest translation unit takes about 1 GB.
build_jobs() {
  local cores memory_gb
  cores=$(nproc)
  memory_gb=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null || echo 4)
  local jobs=$((memory_gb < cores ? memory_gb : cores))
  echo $((jobs < 1 ? 1 : jobs))
}
