#!/usr/bin/env bash
# Installs what this machine lacks, and asks nothing: provisioning/setup.sh demo|check|test|bench|soak|hwlab
#
# Debian 12, Debian 13 and Raspberry Pi OS (64-bit), as root or as a user with sudo. What is there already is respected; a second
# run takes a fraction of a second. VENV names the virtual environment (.venv), PYTHON the interpreter (the newest from 3.11 on).
set -euo pipefail

goal=${1:-demo}
cd "$(dirname "$0")/.."
VENV=${VENV:-.venv}
PYTHON=${PYTHON:-}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 DEBIAN_FRONTEND=noninteractive

say() { printf '\033[2m· %s\033[0m\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# Runs a command behind one line of our own; its output is shown only when it fails.
quietly() {
    local what=$1 log began=$SECONDS
    shift
    log=$(mktemp)
    say "$what"
    if ! "$@" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        die "failed: $what"
    fi
    rm -f "$log"
    if ((SECONDS - began > 4)); then say "  took $((SECONDS - began)) s"; fi
}

# --- System packages -----------------------------------------------------------------------------

suitable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

series() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

find_python() {
    if [ -n "$PYTHON" ]; then
        suitable "$PYTHON" || die "PYTHON=$PYTHON is not a Python from 3.11 on with venv and ensurepip"
        return
    fi
    local candidate
    for candidate in python3.13 python3.12 python3.11 python3 /usr/bin/python3; do
        if suitable "$candidate"; then
            PYTHON=$candidate
            return
        fi
    done
    return 1
}

has_library() { [[ "$(/sbin/ldconfig -p)" == *"$1"* ]]; }
has_command() {
    local name
    for name in "$@"; do
        if PATH=$PATH:/usr/sbin:/sbin command -v "$name" >/dev/null; then return; fi
    done
    return 1
}

missing_packages() {
    local missing=()
    [ -x "$VENV/bin/python" ] || find_python || missing+=(python3 python3-venv)
    has_library libzbar.so.0 || missing+=(libzbar0)
    case $goal in
    test | bench | soak)
        has_command mosquitto || missing+=(mosquitto)
        has_command openssl || missing+=(openssl)
        has_command gcc || missing+=(gcc)
        [ -e /usr/include/stdio.h ] || missing+=(libc6-dev)
        ;;&
    test)
        has_command chromium chromium-browser || missing+=(chromium)
        compgen -G '/usr/share/fonts/*/wqy/wqy-microhei.ttc' >/dev/null || missing+=(fonts-wqy-microhei)
        has_command espeak-ng || missing+=(espeak-ng)
        has_command tesseract || missing+=(tesseract-ocr)
        compgen -G '/usr/share/tesseract-ocr/*/tessdata/chi_sim.traineddata' >/dev/null || missing+=(tesseract-ocr-chi-sim)
        # The deploy test boots a Debian of its own, which takes root.
        if [ "$(id -u)" = 0 ]; then
            has_command mmdebstrap || missing+=(mmdebstrap)
            has_command systemd-nspawn || missing+=(systemd-container)
            has_command ip || missing+=(iproute2)
            has_command ssh || missing+=(openssh-client)
        fi
        ;;
    bench)
        has_command valgrind || missing+=(valgrind)
        has_command wrk || missing+=(wrk)
        ;;
    hwlab)
        has_command qemu-system-aarch64 || missing+=(qemu-system-arm)
        has_command qemu-system-x86_64 || missing+=(qemu-system-x86)
        has_command dtc || missing+=(device-tree-compiler)
        has_command busybox || missing+=(busybox-static)
        has_command cpio || missing+=(cpio)
        has_command depmod || missing+=(kmod)
        has_command make || missing+=(make)
        has_command gcc || missing+=(gcc)
        has_command xz || missing+=(xz-utils)
        has_command unzip || missing+=(unzip)
        ;;
    soak)
        [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing+=(rabbitmq-server)
        has_command mkfs.xfs || missing+=(xfsprogs)
        ;;
    esac
    echo "${missing[*]-}"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo --preserve-env=DEBIAN_FRONTEND "$@"
    else
        sudo -n --preserve-env=DEBIAN_FRONTEND "$@"
    fi
}

install_packages() {
    local packages=$1 options=(-y -q --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120)
    has_command apt-get || die "please install what Debian calls: $packages"
    if [ "$(id -u)" != 0 ] && ! { has_command sudo && as_root true; }; then
        die "as root, please run: apt-get install $packages"
    fi
    quietly 'refreshing the list of system packages' as_root apt-get update -q
    # shellcheck disable=SC2086
    quietly "installing $packages" as_root apt-get install "${options[@]}" $packages
    # Tests start brokers of their own; installing one is no wish to run it as a service.
    local service
    for service in mosquitto rabbitmq-server; do
        if [[ " $packages " == *" $service "* ]] && has_command systemctl; then
            as_root systemctl disable --now "$service" >/dev/null 2>&1 || true
        fi
    done
}

# --- The virtual environment ---------------------------------------------------------------------

fingerprint() { cat "$@" pyproject.toml | sha256sum | cut -d' ' -f1; }

install_lock() {
    local part=$1 lock=daemon/requirements-$1.lock stamp=$VENV/.setup-$1
    [ "$(cat "$stamp" 2>/dev/null)" != "$(fingerprint "$lock")" ] || return 0
    quietly "installing the locked Python packages ($part)" "$VENV/bin/python" -m pip install -q --require-hashes --no-deps -r "$lock"
    fingerprint "$lock" >"$stamp"
}

# An interpreter of printer bytes that we did not write. It wants Python 3.13: where there is none, its tests are skipped.
install_emupos() {
    local lock=daemon/requirements-emupos.lock place=$VENV/emupos stamp=$VENV/.setup-emupos python
    [ "$(cat "$stamp" 2>/dev/null)" != "$(fingerprint "$lock")" ] || return 0
    for python in python3.14 python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[3-9].*/bin/python3; do
        if ! suitable "$python" || [[ $(series "$python") == 3.1[12] ]]; then continue; fi
        [ -x "$place/bin/python" ] || quietly 'making a second environment, for emupos' "$python" -m venv "$place"
        quietly 'installing emupos' "$place/bin/python" -m pip install -q --require-hashes --no-deps -r "$lock"
        fingerprint "$lock" >"$stamp"
        return
    done
    say 'no Python 3.13 here: tests that read the paper back with emupos will be skipped'
}

build_web() {
    local status=0 command=("$VENV/bin/python" web/build.py)
    [ "$goal" != test ] || command+=(--dev)
    "${command[@]}" --check || status=$?
    case $status in
    0) return ;;
    3) quietly 'installing node, to fetch the web assets with' \
        "$VENV/bin/python" -m pip install -q --require-hashes --no-deps -r daemon/requirements-node.lock ;;
    esac
    quietly 'building the web assets' "${command[@]}"
}

case $goal in
demo) part=demo ;;
check | test | bench | soak | hwlab) part=dev ;;
*) die "no such goal: $goal (demo, check, test, bench, soak, hwlab)" ;;
esac

# Its scripts hold full paths: one that was moved or copied, or whose Python went away, is made anew.
home=$(pwd -P)
if [ -e "$VENV" ]; then
    [ -e "$VENV/pyvenv.cfg" ] || die "$VENV is there and is no virtual environment"
    came_from=$(cat "$VENV/.setup-home" 2>/dev/null || echo "$home")
    if [ "$came_from" != "$home" ] || ! "$VENV/bin/python" -c 'import pip' >/dev/null 2>&1; then
        say "the virtual environment $VENV was moved or is broken: making a new one"
        rm -rf "$VENV"
    elif [ -n "$PYTHON" ] && [ "$(series "$PYTHON")" != "$(series "$VENV/bin/python")" ]; then
        die "$VENV is made with Python $(series "$VENV/bin/python"); name another one with VENV=..."
    fi
fi

packages=$(missing_packages)
[ -z "$packages" ] || install_packages "$packages"

if [ ! -x "$VENV/bin/python" ]; then
    find_python || die 'found no Python from 3.11 on with venv; name one with PYTHON=...'
    quietly "making a virtual environment in $VENV with $("$PYTHON" --version)" "$PYTHON" -m venv "$VENV"
fi
echo "$home" >"$VENV/.setup-home"
if [ "$part" = dev ]; then
    install_lock dev
elif [ ! -e "$VENV/.setup-dev" ] || [ "$(cat "$VENV/.setup-dev")" != "$(fingerprint daemon/requirements-dev.lock)" ]; then
    install_lock demo
fi
[ "$part" != dev ] || install_emupos
build_web
if [ "$(cat "$VENV/.setup-tihuo" 2>/dev/null)" != "$(fingerprint)" ]; then
    quietly 'installing tihuo itself, as it stands here' \
        "$VENV/bin/python" -m pip install -q --no-deps --no-build-isolation -e .
    fingerprint >"$VENV/.setup-tihuo"
fi
