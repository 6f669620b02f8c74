# Sourced by ./run and ./test: install what is missing, nothing twice. Needs Debian 12 or later.
# need_apt PACKAGE…: install Debian packages when root (or with sudo), else print the exact line and stop.
need_apt() {
    if [ "$(id -u)" = 0 ]; then as_root=""; elif command -v sudo >/dev/null 2>&1; then as_root="sudo"; else
        echo "Please run as root: apt-get update && apt-get install -y --no-install-recommends $*" >&2; exit 1
    fi
    echo "installing: $*"
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The venv as ./run or ./test needs it; $1 is "" or "[test]". A stamp remembers what was installed.
need_venv() {
    python3 -c 'import ensurepip, venv' 2>/dev/null || need_apt python3 python3-venv
    [ -x .venv/bin/python ] || python3 -m venv .venv
    stamp=".venv/.installed$1"
    want=$(cat constraints.txt setup.cfg pyproject.toml | cksum)
    if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ]; then
        .venv/bin/pip install -q --disable-pip-version-check -c constraints.txt -e ".$1"
        echo "$want" > "$stamp"
    fi
}

# Libraries WeasyPrint loads, and a Chinese font. Without libharfbuzz-subset a Chinese PDF takes seconds.
need_libraries() {
    .venv/bin/python -c 'import ctypes
ctypes.CDLL("libpangoft2-1.0.so.0"); ctypes.CDLL("libharfbuzz-subset.so.0")' 2>/dev/null \
        && ls /usr/share/fonts/opentype/noto/NotoSansCJK* >/dev/null 2>&1 \
        || need_apt libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk
}

# The front end, built only when its lock or sources changed.
need_frontend() {
    [ -f server/web/frontend/package-lock.json ] || return 0
    PATH="$PWD/.venv/bin:$PATH"; export PATH
    want=$(cat server/web/frontend/package-lock.json | cksum)
    if [ "$(cat server/web/frontend/node_modules/.lock 2>/dev/null)" != "$want" ]; then
        (cd server/web/frontend && npm ci --ignore-scripts --no-audit --no-fund --silent)
        echo "$want" > server/web/frontend/node_modules/.lock
    fi
    node server/web/frontend/build.mjs --if-changed
}
