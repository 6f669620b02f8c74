# Sourced by ./run and ./test: install what is missing, nothing twice. Needs Debian 12 or later.

# install EXTRAS PACKAGE…: everything ./run ("") or ./test ("[test]") needs, and further Debian packages.
install() {
    extras=$1; shift
    python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
        || set -- python3 python3-venv "$@"
    # What WeasyPrint loads, and a Chinese font. Without libharfbuzz-subset a Chinese PDF takes seconds.
    need_packages libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk "$@"
    # One installer at a time in this folder: the lock is on the folder itself and ends with the shell.
    exec 9<.
    flock -n 9 || { echo "另一个安装正在进行，等它结束……"; flock 9; }
    need_venv "$extras"
    need_frontend
    exec 9<&-
}

# Install what is missing of these Debian packages when root (or with sudo), else print the exact line and stop.
need_packages() {
    missing=""
    for package in "$@"; do
        case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
            ii*) ;;
            *) missing="$missing $package" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ]; then as_root="env"; elif command -v sudo >/dev/null 2>&1; then as_root="sudo env"; else
        echo "缺少系统软件包。请以 root 身份运行下面一行，然后重试：" >&2
        echo "apt-get update && apt-get install -y --no-install-recommends$missing" >&2
        exit 1
    fi
    echo "正在安装系统软件包：$missing"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # a list of words
    $as_root DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# The venv with what constraints.txt pins. A stamp remembers what was installed. One that was left half-made, was moved
# or lost its Python is made anew: pip would take what lies there for whole.
need_venv() {
    stamp=".venv/.installed$1"
    want=$(cat constraints.txt setup.cfg pyproject.toml | cksum)
    here=$(pwd -P)
    if [ -e .venv/.unfinished ] || [ ! -x .venv/bin/python ] || ! grep -qF -- "-m venv $here/.venv" .venv/pyvenv.cfg; then
        rm -rf .venv.old
        [ ! -e .venv ] || mv .venv .venv.old
        rm -rf .venv.old
    fi
    [ "$(cat "$stamp" 2>/dev/null)" != "$want" ] || return 0
    echo "正在安装 Python 软件包（第一次约需一分钟）……"
    mkdir -p .venv
    : > .venv/.unfinished
    [ -x .venv/bin/python ] || python3 -m venv "$here/.venv"
    .venv/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -e ".$1"
    echo "$want" > "$stamp"
    rm .venv/.unfinished
}

# The front end, built only when its lock or sources changed; npm and node come with the venv.
need_frontend() {
    PATH="$PWD/.venv/bin:$PATH" npm_config_update_notifier=false node server/web/frontend/build.mjs --if-changed
}
