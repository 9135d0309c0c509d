#!/bin/sh
# Installs niggled as a service on a Debian-like machine, or for one user; run again, it upgrades. See docs/install.md.
set -eu

usage() {
    cat <<'TEXT'
From a checkout:
  sudo sh systemd/install.sh              the service niggled, in /opt/niggled, /etc/niggled and /var/lib/niggled
  sh systemd/install.sh --user            the service of your own systemd, below ~/.local; needs no root
  … --uninstall [--purge]                 takes it away; keeps data and configuration unless --purge

  --python FILE   the Python to use, 3.12 or newer (default: the system's; where that is older, uv brings one)
  --no-start      put everything in place, start nothing
  --dry-run       say what would be done, do nothing
  --root DIR      lay the files out below DIR for a package or an image: no Python environment, no user, no start
TEXT
}

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

say() { echo "$*"; }

# Say a command and run it.
run() {
    echo "  $*"
    [ -n "$dry" ] || "$@"
}

# Say and write a file in one step: place MODE FILE, the text comes in by stdin.
place() {
    echo "  write $2 ($1)"
    if [ -n "$dry" ]; then
        cat >/dev/null
    else
        mkdir -p "$(dirname "$2")"
        rm -f "$2.new"
        (umask 077 && cat >"$2.new")
        chmod "$1" "$2.new"
        mv -f "$2.new" "$2"
    fi
}

user='' uninstall='' purge='' python='' start=1 dry='' root=''
while [ $# -gt 0 ]; do
    case $1 in
    --user) user=1 ;;
    --uninstall) uninstall=1 ;;
    --purge) purge=1 ;;
    --no-start) start='' ;;
    --dry-run) dry=1 ;;
    --python | --root)
        [ $# -ge 2 ] || fail "$1 needs a value"
        if [ "$1" = --python ]; then python=$2; else root=${2%/}; fi
        shift
        ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done
[ -z "$purge" ] || [ -n "$uninstall" ] || fail "--purge goes with --uninstall"

source=$(cd "$(dirname "$0")/.." && pwd)
[ -f "$source/requirements.lock" ] || fail "run it from a checkout: sh systemd/install.sh"
# Whoever installs may have a strict umask; the program is for everybody to read, the data folders say their own mode.
umask 022

if [ -n "$user" ]; then
    [ -n "$root$dry" ] || [ "$(id -u)" != 0 ] || fail "--user is for an ordinary user; without it, root installs the service"
    : "${HOME:?is not set}"
    config_home=${XDG_CONFIG_HOME:-$HOME/.config}
    data_home=${XDG_DATA_HOME:-$HOME/.local/share}
    prefix=$HOME/.local/lib/niggled
    command=$root$HOME/.local/bin/niggled
    units=$root$config_home/systemd/user
    config=$root$config_home/niggled
    data=$root$data_home/niggled
    names=niggled.service
    control() { run systemctl --user "$@"; }
else
    [ -n "$root$dry" ] || [ "$(id -u)" = 0 ] || fail "this needs root: sudo sh systemd/install.sh (or --user, without root)"
    prefix=/opt/niggled
    command=$root/usr/local/bin/niggled
    units=$root/etc/systemd/system
    config=$root/etc/niggled
    data=$root/var/lib/niggled
    sysusers=$root/etc/sysusers.d/niggled.conf
    names="niggled-backup.timer niggled-backup.service niggled.service"
    control() { run systemctl "$@"; }
    # below --root the user does not exist yet: whoever unpacks it says whose it is
    if [ -n "$root" ]; then for_group='' for_owner=''; else for_group='-g niggled' for_owner='-o niggled -g niggled'; fi
fi

# Whether there is a systemd to talk to.
managed() {
    [ -z "$root" ] || return 1
    [ -z "$dry" ] || return 0
    if [ -n "$user" ]; then
        systemctl --user show-environment >/dev/null 2>&1
    else
        [ -d /run/systemd/system ]
    fi
}

fits() { "$1" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }

# A Python that the service may see: ProtectHome= hides homes, so for root only the system's own are looked at.
find_python() {
    if [ -n "$python" ]; then
        fits "$python" || fail "$python is no Python of 3.12 or newer with venv"
        return 0
    fi
    for candidate in ${user:+"$(command -v python3)"} /usr/bin/python3 /usr/bin/python3.1[2-9] /usr/local/bin/python3 /usr/local/bin/python3.1[2-9]; do
        if [ -x "$candidate" ] && fits "$candidate"; then
            python=$candidate
            return 0
        fi
    done
    return 1
}

# uv as it is on this machine, or one brought into a corner of our own.
find_uv() {
    if command -v uv >/dev/null 2>&1; then
        uv=$(command -v uv)
        return 0
    fi
    uv=$prefix/uv/bin/uv
    [ -x "$uv" ] && return 0
    run python3 -m venv "$prefix/uv" || fail "python3 cannot make an environment: apt install python3-venv"
    run "$prefix/uv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$source/requirements-uv.lock"
}

# The same sources, libraries and Python give the same name, so that a second run finds its work done.
fingerprint() {
    (
        cd "$source"
        echo "$python"
        cat requirements.lock pyproject.toml
        find daemon connectors rules -type f ! -name '*.pyc' -print | LC_ALL=C sort | while IFS= read -r file; do
            echo "$file"
            cat "$file"
        done
    ) | sha256sum | cut -c1-12
}

# In the lock to build niggled from its sources; nothing that runs needs them.
build_tools='editables hatchling packaging pathspec pluggy tomlkit trove-classifiers'

# A new environment beside the old one; only one that works takes its place, and the running daemon is not disturbed.
install_environment() {
    find_python || python=''
    environment=$prefix/env-$(fingerprint)
    if [ -f "$environment/complete" ]; then
        say "Environment: $environment is up to date."
    else
        say "Environment: $environment, from $source, with ${python:-a Python brought by uv}"
        run rm -rf "$environment"
        run mkdir -p "$prefix"
        if [ -z "$python" ]; then
            find_uv
            run env UV_PYTHON_INSTALL_DIR="$prefix/python" UV_NO_PROGRESS=1 "$uv" venv --quiet --seed --managed-python --python 3.13 "$environment" ||
                fail "uv could not bring a Python; name one of 3.12 or newer with --python"
        else
            run "$python" -m venv "$environment"
        fi
        run "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$source/requirements.lock"
        run "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation "$source"
        # what only builds; the next version gets an environment of its own
        # shellcheck disable=SC2086
        run "$environment/bin/python" -m pip uninstall --quiet --yes $build_tools pip
        # the libraries' own tests
        run find "$environment/lib" -type d "(" -name tests -o -name testsuite -o -name testing ")" -prune -exec rm -rf "{}" +
        run "$environment/bin/niggled" --version
        run touch "$environment/complete"
    fi
    run mkdir -p "$prefix/bin"
    run ln -sfn "$environment/bin/niggled" "$prefix/bin/niggled.new"
    run mv -fT "$prefix/bin/niggled.new" "$prefix/bin/niggled"
}

# Not before the daemon runs from the new one.
remove_old_environments() {
    for old in "$prefix"/env-*; do
        if [ -d "$old" ] && [ "$old" != "$environment" ]; then
            run rm -rf "$old"
        fi
    done
}

# `sudo niggled status` must see what the daemon sees: its user, its folders, its credentials.
wrapper() {
    cat <<'TEXT'
#!/bin/sh
# niggled as the daemon's own user, on the daemon's data, configuration and credentials. Made by systemd/install.sh.
set -eu
umask 077
unset NIGGLED_HOME NIGGLED_CONFIG PYTHONPATH PYTHONHOME
export HOME=/var/lib/niggled STATE_DIRECTORY=/var/lib/niggled CONFIGURATION_DIRECTORY=/etc/niggled
# what LoadCredential= gave to the service is there as long as it runs
[ -d /run/credentials/niggled.service ] && export CREDENTIALS_DIRECTORY=/run/credentials/niggled.service
case $(id -un) in
niggled) exec /opt/niggled/bin/niggled "$@" ;;
root) exec setpriv --reuid=niggled --regid=niggled --init-groups --inh-caps=-all --no-new-privs /opt/niggled/bin/niggled "$@" ;;
esac
echo "niggled runs as a user of its own here: sudo niggled $*" >&2
exit 1
TEXT
}

# Everything is optional, so the example is a whole configuration, and what is there is never touched.
first_configuration() {
    if [ -e "$config/config.toml" ]; then
        say "Configuration: $config/config.toml stays as it is."
        return
    fi
    say "Configuration: every option with its default, all optional"
    place 600 "$config/config.toml" <"$source/config.example.toml"
    if [ -z "$user$root" ]; then
        run chown niggled:niggled "$config/config.toml"
    fi
}

install_all() {
    if [ -z "$root" ]; then
        install_environment
    fi
    if [ -n "$user" ]; then
        say "Command, folders, unit:"
        run mkdir -p "$(dirname "$command")"
        if [ -e "$command" ] && [ ! -L "$command" ]; then
            fail "$command is there already and is not ours"
        fi
        run ln -sfn "$prefix/bin/niggled" "$command"
        run install -d -m 0700 "$config" "$data"
        place 644 "$units/niggled.service" <"$source/systemd/user/niggled.service"
    else
        say "User niggled:"
        place 644 "$sysusers" <"$source/systemd/niggled.sysusers.conf"
        if [ -z "$root" ]; then
            run systemd-sysusers "$sysusers"
        fi
        say "Command, folders, units:"
        wrapper | place 755 "$command"
        # niggled may write its configuration there, and not put another folder in the place of the credentials
        # shellcheck disable=SC2086
        run install -d -m 1770 $for_group "$config"
        run install -d -m 0700 "$config/credentials"
        # shellcheck disable=SC2086
        run install -d -m 0700 $for_owner "$data"
        for name in $names; do
            place 644 "$units/$name" <"$source/systemd/$name"
        done
    fi
    first_configuration
    if managed; then
        control daemon-reload
        if [ -n "$start" ]; then
            say "Start, now and at every boot:"
            control enable niggled.service
            control restart niggled.service
        elif [ -z "$dry" ] && systemctl ${user:+--user} --quiet is-active niggled.service; then
            say "The daemon still runs from the old environment: systemctl ${user:+--user }restart niggled"
            return
        fi
    elif [ -z "$root" ]; then
        say "No systemd answers here, so nothing was started."
    fi
    if [ -z "$root" ]; then
        remove_old_environments
    fi
    next_steps
}

next_steps() {
    [ -z "$root$dry" ] || return 0
    if [ -n "$user" ]; then
        case :$PATH: in
        *":$HOME/.local/bin:"*) ;;
        *) say "$HOME/.local/bin is not in your PATH: log in again, or add it (in ~/.profile); until then say $command." ;;
        esac
        say "Done. Next: niggled setup, which asks only what is not known yet. loginctl enable-linger keeps the daemon running while you are logged out."
    else
        say "Done. Next: sudo niggled setup, which asks only what is not known yet; then sudo niggled status."
    fi
}

uninstall_all() {
    say "Service:"
    if managed; then
        for name in $names; do
            if [ ! -e "$units/$name" ]; then
                continue
            elif grep -q '^\[Install\]' "$units/$name"; then
                control disable --now "$name"
            else
                control stop "$name"
            fi
        done
    fi
    for name in $names; do
        run rm -f "$units/$name"
        if [ -n "$purge" ]; then
            run rm -rf "$units/$name.d"
        fi
    done
    if managed; then
        control daemon-reload
    fi
    say "Program:"
    run rm -f "$command"
    run rm -rf "$root$prefix"
    if [ -z "$purge" ]; then
        if [ -n "$user" ]; then
            say "Kept: $config and $data. --uninstall --purge deletes them."
        else
            say "Kept: $config, $data and the user niggled, whose they are. --uninstall --purge deletes them."
        fi
        return
    fi
    say "Data and configuration:"
    run rm -rf "$config" "$data"
    if [ -z "$user" ]; then
        run rm -f "$sysusers" "$root/var/lib/systemd/timers/stamp-niggled-backup.timer"
        if [ -z "$root" ] && { [ -n "$dry" ] || id niggled >/dev/null 2>&1; }; then
            run userdel niggled
        fi
    fi
}

if [ -n "$uninstall" ]; then uninstall_all; else install_all; fi
