#!/usr/bin/env bash
# Makes a board a camera. Run it in the folder of Nightjar's sources, on Raspberry Pi OS or Debian, as often as wanted.
#
#   sudo ./install.sh                    install, upgrade, or finish an installation that was cut off
#   ./install.sh --dry-run               say every step, and do none
#   sudo ./install.sh --uninstall        take it away; photos and settings stay
#
# --portable          kernels that run on any processor of this kind: for a card that is written for another board
# --remove-settings   with --uninstall: /etc/nightjar too
# --remove-photos     with --uninstall: /var/lib/nightjar too, photos and all
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

readonly environment=/opt/nightjar
readonly command_link=/usr/local/bin/nightjar
readonly settings=/etc/nightjar
readonly state=/var/lib/nightjar
readonly units=/etc/systemd/system
readonly sysusers=/usr/lib/sysusers.d/nightjar.conf
readonly tmpfiles=/usr/lib/tmpfiles.d/nightjar.conf
readonly rules=/usr/lib/udev/rules.d/60-nightjar.rules
readonly power_off_rule=/etc/polkit-1/rules.d/60-nightjar-power-off.rules
# Lies in the environment only while all of it is whole, and says of which sources.
readonly whole=$environment/made-from
# One compiler takes up to this much memory, and a Zero 2 W has 512 MB.
readonly compiler_mb=400

say() { printf '%s\n' "$@"; }
step() { say "" "== $*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

# Every change goes through here: said, then done.
run() {
    printf '  %s\n' "$(printf ' %q' "$@")"
    [ "$dry_run" = yes ] || "$@"
}

usage() { sed -n '2,11s/^# \{0,1\}//p' install.sh; }

read_words() {
    changed=no dry_run=no action=install portable=no remove_settings=no remove_photos=no
    local word
    for word in "$@"; do
        case $word in
            --dry-run) dry_run=yes ;;
            --uninstall) action=uninstall ;;
            --portable) portable=yes ;;
            --remove-settings) remove_settings=yes ;;
            --remove-photos) remove_photos=yes ;;
            --help | -h) usage; exit 0 ;;
            *) usage >&2; printf 'install.sh: there is no option %s\n' "$word" >&2; exit 2 ;;
        esac
    done
    if [ "$action" = install ] && [ "$remove_settings$remove_photos" != nono ]; then
        fail "--remove-settings and --remove-photos go with --uninstall; nothing was done."
    fi
}

# Refuse what cannot work before anything is changed.
check_machine() {
    [ "$dry_run" = yes ] || [ "$(id -u)" = 0 ] || fail "this changes the system; run: sudo ./install.sh"
    command -v apt-get >/dev/null || fail "this is for Raspberry Pi OS and Debian, whose apt-get is missing here."
    command -v systemctl >/dev/null || fail "systemd is missing here; Nightjar's daemon is started by it."
    [ "$(getconf LONG_BIT)" = 64 ] || fail "this system is 32-bit; install the 64-bit Raspberry Pi OS."
    local part
    for part in pyproject.toml CMakeLists.txt firmware isp accelerators configs systemd; do
        [ -e "$part" ] || fail "$part is missing beside install.sh; run it in the whole folder of Nightjar's sources."
    done
}

# Put a file of ours in its place; one that is right already is left alone.
put() {
    cmp --silent "$1" "$2" && return
    changed=yes
    run install -D -m 644 "$1" "$2"
}

write_line() { printf '%s\n' "$1" >"$2"; }

is_installed() { [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Raspberry Pi OS has picamera2 and lgpio; Debian has not, and pip builds them there.
has_pi_packages() {
    # Asking must not write: without the two options apt-cache stores what it has read.
    [ -e /etc/rpi-issue ] || apt-cache --option Dir::Cache::pkgcache= --option Dir::Cache::srcpkgcache= \
        show python3-picamera2 >/dev/null 2>&1
}

install_packages() {
    step "Packages: Python, a compiler, and what only apt has of camera and pins"
    local wanted="python3 python3-venv python3-dev g++ make python3-libcamera"
    if has_pi_packages; then
        wanted="$wanted python3-picamera2 python3-lgpio"
    else
        wanted="$wanted libcamera-ipa libcap-dev swig"
    fi
    local package missing=()
    for package in $wanted; do
        is_installed "$package" || missing+=("$package")
    done
    # An installation of packages that was cut off is finished first.
    [ -z "$(dpkg --audit 2>/dev/null)" ] || run dpkg --configure -a
    if [ ${#missing[@]} = 0 ]; then
        say "   all are here"
        return
    fi
    run apt-get update --quiet=2
    run env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}"
}

# As many compilers at once as memory allows; one where nobody says, as in a tree without /proc.
compilers_at_once() {
    local free_mb processors fitting
    free_mb=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null) || free_mb=0
    processors=$(nproc)
    fitting=$((free_mb / compiler_mb))
    [ "$fitting" -ge 1 ] || fitting=1
    echo $((fitting < processors ? fitting : processors))
}

python_version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo none; }

# What kernels that are not portable are built for: the instruction sets of this very processor.
processor() {
    if [ "$portable" = yes ]; then
        echo any
    else
        { grep -m 1 -E '^(Features|flags)' /proc/cpuinfo 2>/dev/null || echo unknown; } | sha256sum | cut -c 1-16
    fi
}

# Which sources, which packages beside them, for which processor: what an environment is made from.
made_from() {
    printf '%s processor=%s ' "$1" "$(processor)"
    find accelerators configs firmware isp CMakeLists.txt pyproject.toml README.md -type f \
        ! -path '*/__pycache__/*' ! -name '*.so' ! -name built-for.txt -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-16
}

install_nightjar() {
    step "Nightjar in $environment: compiles its kernels, some minutes on a Pi"
    local parts=portrait options=() wanted
    has_pi_packages || parts=portrait,pi
    [ "$portable" = no ] || options=(--config-settings=cmake.define.NIGHTJAR_NATIVE=OFF)
    wanted=$(made_from "$parts")
    # Another Python in the system, or an installation that was cut off: the environment begins anew.
    if [ ! -e "$whole" ] || [ "$(python_version "$environment/bin/python")" != "$(python_version python3)" ]; then
        # libcamera's Python side comes from apt only: --system-site-packages.
        run python3 -m venv --clear --system-site-packages "$environment"
    elif [ "$(cat "$whole")" = "$wanted" ]; then
        say "   is there already, made from these very sources for this processor"
        return
    fi
    changed=yes
    run rm -f "$whole"
    if ! has_pi_packages; then
        # lgpio has no wheels from Python 3.13 on. Its source links a library that Debian has not, unless told to build.
        run env PYPI=1 "$environment/bin/pip" install --disable-pip-version-check --quiet 'lgpio>=0.2.2'
    fi
    # Not in /tmp: that is memory on newer systems, and a Zero 2 W has little.
    run env TMPDIR=/var/tmp CMAKE_BUILD_PARALLEL_LEVEL="$(compilers_at_once)" "$environment/bin/pip" install \
        --disable-pip-version-check --quiet "${options[@]}" ".[$parts]"
    # All of it is on the card before it is called whole.
    run sync
    run write_line "$wanted" "$whole"
}

install_service() {
    step "User, folders, devices and the service"
    local program=$environment/bin/nightjar
    [ "$(readlink "$command_link")" = "$program" ] || run ln -sfn "$program" "$command_link"
    put systemd/nightjar.sysusers "$sysusers"
    put systemd/nightjar.tmpfiles "$tmpfiles"
    put systemd/60-nightjar.rules "$rules"
    local unit
    for unit in nightjar.service nightjar-again.service nightjar-again.timer; do
        put "systemd/$unit" "$units/$unit"
    done
    run systemd-sysusers "$sysusers"
    run systemd-tmpfiles --create "$tmpfiles"
    if [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ]; then
        run usermod --append --groups nightjar "$SUDO_USER"
    fi
    run systemctl enable --quiet nightjar.service
    ! systemd_runs || start_service
}

start_service() {
    if [ "$changed" = no ] && systemctl is-active --quiet nightjar.service; then
        say "   the camera runs, and goes on"
        return
    fi
    if udev_runs; then
        run udevadm control --reload
        run udevadm trigger
    fi
    run systemctl daemon-reload
    # Photos in work are finished before the old one ends.
    run systemctl stop nightjar-again.timer nightjar.service
    # One that failed too often would not start.
    ! systemctl is-failed --quiet nightjar.service || run systemctl reset-failed nightjar.service
    # It says ready within 90 s, or goes on trying.
    run systemctl start nightjar.service || say "   The camera does not start yet: nightjar doctor says why."
}

# A container has none.
udev_runs() { [ -S /run/udev/control ]; }
systemd_runs() { [ -d /run/systemd/system ]; }

tell_the_rest() {
    step "Installed"
    has_pi_packages || say "   A camera module needs Raspberry Pi OS: picamera2 insists on pykms, which this Debian has not." \
        "   Without a module and pins: nightjar config set camera.backend simulated, buttons.pin_factory none"
    systemd_runs || say "   The camera starts with the system."
    if [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ]; then
        say "   Log in again, so that $SUDO_USER is in group nightjar. Others: sudo usermod -aG nightjar NAME"
    else
        say "   Who may use the camera: sudo usermod -aG nightjar NAME, and log in again"
    fi
    say "   nightjar doctor                says what is missing, and the command that mends it" \
        "   sudo nightjar models fetch     the network that portraits use, 1.9 MB" \
        "   nightjar shoot                 or press the button"
}

uninstall() {
    step "Taking Nightjar away"
    if [ -e "$units/nightjar.service" ]; then
        # Photos in work are finished first.
        ! systemd_runs || run systemctl stop nightjar-again.timer nightjar.service
        run systemctl disable --quiet nightjar.service
    fi
    run rm -f "$units/nightjar.service" "$units/nightjar-again.service" "$units/nightjar-again.timer"
    run rm -f "$sysusers" "$tmpfiles" "$rules" "$power_off_rule"
    [ ! -L "$command_link" ] || run rm -f "$command_link"
    run rm -rf "$environment"
    ! systemd_runs || run systemctl daemon-reload
    ! udev_runs || run udevadm control --reload
    if [ "$remove_settings" = yes ]; then
        run rm -rf "$settings" "$units/nightjar.service.d"
    else
        say "   Settings stay in $settings (--remove-settings takes them away)."
    fi
    if [ "$remove_photos" = yes ]; then
        run rm -rf "$state"
        ! id nightjar >/dev/null 2>&1 || run userdel nightjar
    else
        say "   Photos stay in $state, and so does the user nightjar, who owns them (--remove-photos takes both away)."
    fi
    say "   Packages from apt stay. Photos elsewhere than $state stay."
}

main() {
    read_words "$@"
    check_machine
    [ "$dry_run" = no ] || say "Nothing is done; these are the steps."
    if [ "$action" = uninstall ]; then
        uninstall
        return
    fi
    install_packages
    install_nightjar
    install_service
    tell_the_rest
}

main "$@"
