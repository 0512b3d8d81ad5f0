#!/bin/sh
# Points Claude Code, Codex and OpenAI-compatible tools at a cccc proxy, and back, where there is no Python.
#
# Needs a POSIX shell, base64 (or openssl), and curl or wget. The merge is the proxy's: a client's file is sent to
# it and comes back with its settings in, or out. This script carries contents to and fro, keeps copies and records,
# and replaces files whole. It is served as it stands: values come from options and from nowhere else.

set -u
umask 077
LC_ALL=C
export LC_ALL

clients='claude-code'

usage() {
    cat <<'END'
Usage: sh cccc-setup.sh [OPTIONS] [claude-code|codex|openai ...]

  --url U        the proxy's address [$CCCC_URL, else http://127.0.0.1:8080]
  --key K        what the clients send [$CCCC_KEY, else none: a proxy on the own machine asks for none]
  --restore      undo what this script did for that proxy; what you changed since stays
  --keep-table   with --restore: leave Codex's provider table in place, unselected
  --dry-run      show what would change; write nothing
  --yes          ask nothing
  --insecure     send keys over plain http to another machine without asking
  --help         show this
END
}

say() { printf '%s\n' "$*" >&2; }

die() {
    say "cccc-setup: $*"
    exit 1
}

misused() {
    say "cccc-setup: $*; see --help"
    exit 2
}

main() {
    url=${CCCC_URL:-http://127.0.0.1:8080} key=${CCCC_KEY:-}
    restore=false keep_table=false dry_run='' yes='' insecure='' named=''
    while [ $# -gt 0 ]; do
        case $1 in
            --url | --key) [ $# -gt 1 ] || misused "$1 needs a value" ;;
        esac
        case $1 in
            --url) url=$2 && shift ;;
            --url=*) url=${1#*=} ;;
            --key) key=$2 && shift ;;
            --key=*) key=${1#*=} ;;
            --restore) restore=true ;;
            --keep-table) keep_table=true ;;
            --dry-run) dry_run=1 ;;
            --yes) yes=1 ;;
            --insecure) insecure=1 ;;
            --help | -h) usage && exit 0 ;;
            claude-code | codex | openai) named="$named $1" ;;
            *) misused "$1 is no option and no client" ;;
        esac
        shift
    done
    check_options
    find_tools
    state=${XDG_STATE_HOME:-$HOME/.local/state}/cccc/scripts/$(printf '%s' "$url" | tr -c 'A-Za-z0-9.-' '_')
    journal=$(plain_path "$state/clients")
    work=$(mktemp -d "${TMPDIR:-/tmp}/cccc-setup.XXXXXX") || die "no temporary folder can be made"
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' HUP INT TERM
    write_headers
    failed=0
    for client in ${named:-$clients}; do
        (set_up) || failed=$?
    done
    exit "$failed"
}

check_options() {
    url=${url%/} && url=${url%/v1} && url=${url%/}
    case $url in
        *[!][A-Za-z0-9._~/:%-]*) misused "--url: expected the proxy's address, such as http://127.0.0.1:8080" ;;
        http://?* | https://?*) ;;
        *) misused "--url: expected the proxy's address, such as http://127.0.0.1:8080" ;;
    esac
    case $key in
        *[!!-~]*) misused '--key: expected printable ASCII characters without spaces' ;;
    esac
    case ${HOME:-} in
        /*) ;;
        *) die 'HOME is not set' ;;
    esac
    host=${url#*://} && host=${host%%/*}
    case $host in
        127.* | localhost | localhost:* | '[::1]' | '[::1]:'*)
            # The environment's egress proxy is never meant for this machine.
            no_proxy=127.0.0.1,localhost,::1 NO_PROXY=127.0.0.1,localhost,::1
            export no_proxy NO_PROXY
            ;;
        *)
            case $url in
                http://*)
                    say "careful: plain http to $host: who listens on the way reads your settings, keys and prompts"
                    [ -n "$insecure" ] || confirmed 'Go on all the same? Type yes: ' yes \
                        || die 'nothing was sent; use https or a tunnel, or add --insecure'
                    ;;
            esac
            ;;
    esac
}

find_tools() {
    if [ "$(printf 'b2s=' | base64 -d 2>/dev/null)" = ok ]; then
        encode() { base64 | tr -d '\n'; }
        decode() { base64 -d; }
    elif [ "$(printf 'b2s=' | base64 -D 2>/dev/null)" = ok ]; then
        encode() { base64 | tr -d '\n'; }
        decode() { base64 -D; }
    elif [ "$(printf 'b2s=' | openssl base64 -d -A 2>/dev/null)" = ok ]; then
        encode() { openssl base64 -A; }
        decode() { openssl base64 -d -A; }
    else
        die 'needs base64 or openssl; install one of them'
    fi
    if command -v curl >/dev/null 2>&1; then
        fetch=curl
    elif wget --version 2>/dev/null | grep -q '^GNU Wget 1'; then
        fetch=gnu_wget
    elif command -v wget >/dev/null 2>&1; then
        fetch=small_wget
    else
        die 'needs curl or wget; install one of them'
    fi
}

# Asks the person, never standard input, which may be this very script. $2: the answer that is needed.
confirmed() {
    (: </dev/tty) 2>/dev/null || return 1
    printf '%s' "$1" >/dev/tty
    read -r answered </dev/tty || return 1
    case $2 in
        yes) [ "$answered" = yes ] ;;
        *) case $answered in '' | [yY] | [yY][eE][sS]) ;; *) return 1 ;; esac ;;
    esac
}

# --- the proxy -------------------------------------------------------------------------------------------------------

# The key goes into a file of ours, not onto a command line that every user of the machine can read.
write_headers() {
    printf 'content-type: application/json\n' >"$work/headers"
    [ -z "$key" ] || printf 'authorization: Bearer %s\n' "$key" >>"$work/headers"
    sed 's/^/header = /' "$work/headers" >"$work/wgetrc"
}

# Sends $work/request; its answer is in $work/answer.
ask() {
    address=$url/help/merge/$client
    rm -f "$work/answer"
    case $fetch in
        curl)
            code=$(curl -sS -o "$work/answer" -w '%{http_code}' -H "@$work/headers" \
                --data-binary "@$work/request" "$address") || die "$url does not answer; nothing was changed"
            [ "$code" = 200 ] || refused
            ;;
        gnu_wget)
            WGETRC=$work/wgetrc wget -q -O "$work/answer" --content-on-error --post-file="$work/request" "$address" \
                || refused
            ;;
        small_wget) # it reads no file of headers
            set -- -q -O "$work/answer" --header 'Content-Type: application/json' --post-file "$work/request"
            [ -z "$key" ] || set -- "$@" --header "authorization: Bearer $key"
            wget "$@" "$address" || refused
            ;;
    esac
    grep -q '^  "name": "' "$work/answer" || die "$url is no cccc proxy that this script can talk to"
}

refused() {
    [ -s "$work/answer" ] || die "$url did not do it; nothing was changed"
    die "$(head -n 3 "$work/answer" | printable)"
}

printable() { tr -d '\000-\010\013-\037\177'; }

# A member of the answer: a word or a number, nothing where it is null.
member() { sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$work/answer" | sed '/^null$/d'; }

content() { member "$1" | decode; }

is_null() { grep -q "^  \"$1\": null" "$work/answer"; }

# A member of the request with the content of a file, null where there is none.
carry() {
    printf '"%s": ' "$1"
    if [ -n "$2" ] && [ -f "$2" ]; then
        printf '"' && encode <"$2" && printf '",\n'
    else
        printf 'null,\n'
    fi
}

carry_text() {
    printf '"%s": "' "$1" && encode && printf '",\n'
}

write_request() {
    printf '{\n'
    printf '%s' "$path" | carry_text path
    carry file "$work/file"
    carry record "$record"
    carry backup "$backup"
    copies_in "$journal" | carry_text copies
    missing_folders | carry_text folders
    printf '"neighbours": ['
    comma=''
    others | while read -r folder; do
        printf '%s{' "$comma"
        carry record "$(record_in "$folder" json)"
        printf '"copies": "%s"}' "$(copies_in "$folder" | encode)"
        comma=,
    done
    printf '],\n"url": "%s", "keep_table": %s, "restore": %s}\n' "$url" "$keep_table" "$restore"
}

# --- the client's file -----------------------------------------------------------------------------------------------

plain_path() { printf '%s\n' "$1" | sed 's://*:/:g'; }

client_path() {
    case $client in
        claude-code) folder=${CLAUDE_CONFIG_DIR:-$HOME/.claude} file=settings.json ;;
        codex) folder=${CODEX_HOME:-$HOME/.codex} file=config.toml ;;
        openai)
            folder=${XDG_CONFIG_HOME:-$HOME/.config}/cccc file=env.sh
            [ "$(uname -s)" != Darwin ] || folder=$HOME/Library/Application\ Support/cccc
            ;;
    esac
    # shellcheck disable=SC2088  # the value may hold the sign itself, which no shell has opened
    case $folder in
        '~/'*) folder=$HOME/${folder#??} ;;
    esac
    plain_path "$folder/$file"
}

# The file that a path means: the rename below must not replace a link.
followed() {
    at=$1 steps=0
    while [ -L "$at" ]; do
        steps=$((steps + 1))
        [ "$steps" -le 40 ] || die "$1: a symbolic link that leads to itself; it was left alone"
        link=$(readlink "$at") || die "$1: its link cannot be read; it was left alone"
        case $link in
            /*) at=$link ;;
            *) at=$(dirname "$at")/$link ;;
        esac
    done
    printf '%s\n' "$at"
}

require_writable() {
    [ -e "$target" ] || return 0
    [ -f "$target" ] || die "$path: is not a regular file; it was left alone"
    read -r mode links owner _ size _ <<END
$(ls -ldn "$target")
END
    case $mode in
        -?w*) ;;
        *) die "$path: is read-only; if it may be changed: chmod u+w $path" ;;
    esac
    [ "$links" -eq 1 ] || die "$path: has another name (hard link), which would keep the old content"
    [ "$owner" -eq "$(id -u)" ] || [ "$(id -u)" -eq 0 ] || die "$path: belongs to another user"
    [ "$size" -le 4194304 ] || die "$path: is larger than 4 MiB, which no settings file is"
}

# The folders that writing the file would have to make, the innermost first.
missing_folders() {
    folder=$(dirname "$path")
    while [ ! -e "$folder" ] && [ ! -L "$folder" ]; do
        printf '%s\n' "$folder"
        folder=$(dirname "$folder")
    done
}

unchanged() {
    if [ -f "$work/file" ]; then cmp -s "$work/file" "$target"; else [ ! -e "$target" ]; fi
}

# Replaces the file by $work/new, or removes it where there is none. The pending record tells how far it came: with the
# new content beside the file nothing has happened yet, without it the file was replaced.
carry_out() {
    new=$(dirname "$target")/.$(basename "$target").cccc-new
    if [ -f "$work/new" ]; then
        mkdir -p "$(dirname "$target")" || die "$path: its folder cannot be made"
        rm -f "$new"
        [ ! -f "$target" ] || cp -p "$target" "$new" || die "$path: cannot be written; nothing was changed"
        if ! cat "$work/new" >"$new" || ! cmp -s "$work/new" "$new"; then
            rm -f "$new"
            die "$path: cannot be written; nothing was changed"
        fi
    fi
    put "$work/record" "$journal/$name.pending"
    unchanged || {
        abandon
        die "$path: was changed by somebody else meanwhile; nothing was written, try again"
    }
    if [ -f "$work/new" ]; then
        mv -f "$new" "$target" || {
            abandon
            die "$path: cannot be written; nothing was changed"
        }
        cmp -s "$work/new" "$target" || die "$path: was changed by somebody else right after it was written; look at it"
    else
        rm -f "$target" || die "$path: cannot be removed"
    fi
}

# --- the journal -----------------------------------------------------------------------------------------------------

# One record for each file, as cccc writes them itself: each can undo what stands upon the other.
record_in() {
    for candidate in "$1"/*."$2"; do
        if [ -f "$candidate" ] && grep -qxF " \"path\": \"$path\"," "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
}

copies_in() {
    for candidate in "$1"/*.bak; do
        [ ! -f "$candidate" ] || basename "$candidate"
    done
}

open_journal() {
    mkdir -p "$journal" || die "$journal: cannot be made"
    if command -v flock >/dev/null 2>&1; then
        exec 9>"$journal/lock"
        flock -w 10 9 || die 'another set-up is at work; try again when it has ended'
    fi
    settle
}

put() {
    if ! cp "$1" "$2.tmp" || ! mv -f "$2.tmp" "$2"; then
        die "$2: cannot be written; nothing was changed"
    fi
}

# It was not written: the record before it stays in force.
abandon() {
    rm -f "$(dirname "$target")/.$(basename "$target").cccc-new" "$(record_in "$journal" pending)"
    [ -n "$(record_in "$journal" json)" ] || leave
}

# What was pending is in force; a part that has ended leaves no record.
finish() {
    if grep -qxF ' "changes": [],' "$1"; then
        leave
        rm -f "${1%.pending}.json" "$1"
    else
        mv -f "$1" "${1%.pending}.json"
    fi
}

# A script that was killed has left a pending record.
settle() {
    new=$(dirname "$target")/.$(basename "$target").cccc-new
    pending=$(record_in "$journal" pending)
    if [ -z "$pending" ]; then
        rm -f "$new"
    elif [ -e "$new" ] || { grep -qxF ' "digest_after": "",' "$pending" && [ -e "$target" ]; }; then
        abandon
    else
        finish "$pending"
    fi
}

# Proxies that have set this file up upon one another, a journal's folder on each line.
neighbours() { [ ! -f "$marker" ] || sed -n 's/^"\(.*\)",\{0,1\}$/\1/p' "$marker"; }

others() {
    neighbours | while read -r folder; do
        [ "$folder" = "$journal" ] || [ -z "$(record_in "$folder" json)" ] || printf '%s\n' "$folder"
    done
}

write_marker() {
    sed -e 's/.*/"&"/' -e '$!s/$/,/' >"$work/marker"
    if [ -s "$work/marker" ]; then
        { printf '[\n' && cat "$work/marker" && printf ']\n'; } >"$work/marker.whole"
        put "$work/marker.whole" "$marker"
    else
        rm -f "$marker"
    fi
}

join() {
    neighbours | grep -qxF "$journal" || { neighbours && printf '%s\n' "$journal"; } | write_marker
}

leave() {
    [ ! -f "$marker" ] || others | write_marker
}

# Another set-up stands upon ours: it gets what we know of the time before both.
hand_over() {
    folder=$(others | sed -n "$(($1 + 1))p")
    handed=$(record_in "$folder" json)
    [ -n "$handed" ] || die "$path: the set-up upon this one has changed meanwhile; try again"
    content handed >"$work/handed"
    copy=$(member handed_copy)
    [ -z "$copy" ] || put "$backup" "$folder/$copy"
    put "$work/handed" "$handed"
}

# --- one client ------------------------------------------------------------------------------------------------------

set_up() {
    path=$(client_path) || exit
    target=$(followed "$path") || exit
    marker=$(dirname "$path")/.$(basename "$path").cccc
    require_writable
    [ -n "$dry_run" ] || open_journal
    rm -f "$work/file" "$work/new" "$work/record"
    if [ -f "$target" ]; then
        cp "$target" "$work/file" || die "$path: cannot be read"
    fi
    record=$(record_in "$journal" json)
    backup=''
    if [ -n "$record" ]; then
        backup=$(sed -n 's/^ "backup": "\([A-Za-z0-9.-]*\)",$/\1/p' "$record")
        backup=${backup:+$journal/$backup}
    fi
    write_request >"$work/request"
    ask
    name=$(member name)
    case $name in
        '' | *[!A-Za-z0-9-]*) die "$url is no cccc proxy that this script can talk to" ;;
    esac
    is_null file || content file >"$work/new"
    is_null record || content record >"$work/record"
    content said | printable
    if as_before; then
        [ -n "$dry_run" ] || [ "$restore" = false ] || end_without_writing
        return
    fi
    [ -z "$dry_run" ] || return 0
    if [ -z "$yes" ] && [ "$restore" = false ]; then
        confirmed 'Write this? [Y/n] ' '' || die 'nothing was written; add --yes where nobody can be asked'
    fi
    keep_copy
    [ "$(member joins)" != true ] || {
        mkdir -p "$(dirname "$path")"
        join || exit 1
    }
    carry_out
    finish "$journal/$name.pending"
    if [ -f "$work/new" ]; then say "wrote $path"; else say "removed $path"; fi
    drop_folders
}

as_before() {
    if [ -f "$work/new" ]; then cmp -s "$work/new" "$target"; else [ ! -e "$target" ]; fi
}

end_without_writing() {
    other=$(member neighbour)
    [ -z "$other" ] || hand_over "$other"
    if [ -f "$work/record" ]; then
        put "$work/record" "$journal/$name.pending"
        finish "$journal/$name.pending"
    elif [ -n "$record" ]; then
        rm -f "$record"
        leave
    fi
    drop_folders
}

keep_copy() {
    copy=$(member copy)
    [ -n "$copy" ] || return 0
    put "$work/file" "$journal/$copy"
    say "the content before is kept in $journal/$copy"
    content stale | while read -r stale; do
        case $stale in
            "$name".*.bak) rm -f "$journal/$stale" ;;
        esac
    done
}

drop_folders() {
    content folders | while read -r folder; do
        rmdir "$folder" 2>/dev/null || break
    done
}

main "$@"
