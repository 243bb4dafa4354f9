#!/usr/bin/env bash
# A private certificate authority for a chain. A key is made where it is used and never travels; requests and certificates do.
#
#   authority.sh new DIR                   the authority itself, on a machine that is not on the internet: DIR/ca.key, ca.crt, ca.crl
#   authority.sh request DIR NAME          on a box (NAME is the store's id), at the cloud (cloud) or at the broker (broker):
#                                          DIR/NAME.key stays there, DIR/NAME.csr goes to the authority
#   authority.sh sign DIR CSR [HOST...]    at the authority: NAME.crt beside the request. With the names or addresses at which clients
#                                          reach it, it is a broker's; without, a client's
#   authority.sh revoke DIR CRT            at the authority: a box was stolen; DIR/ca.crl is the new list for mosquitto
set -euo pipefail
umask 077

die() { printf 'authority: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '3,11s/^# \{0,3\}//p' "$0" >&2; exit 2; }
quiet() { openssl "$@" 2>/dev/null || die "openssl $1 failed"; }

# A name becomes a part of a topic: + and # would be all topics, and / another store's.
check_name() { [[ $1 =~ ^[A-Za-z0-9_-]{1,40}$ ]] || die "not a name for a topic: $1"; }

# openssl x509 could not let a certificate begin in the past: a box without a clock of its own wakes up there.
books() {
    local conf=$dir/ca.conf
    [ -e "$dir/index.txt" ] || touch "$dir/index.txt"
    cat >"$conf" <<CONF
[ca]
default_ca = here
[here]
database = $dir/index.txt
new_certs_dir = $dir
certificate = $dir/ca.crt
private_key = $dir/ca.key
rand_serial = yes
unique_subject = no
default_md = sha256
default_crl_days = 3650
policy = name
[name]
commonName = supplied
[client]
extendedKeyUsage = clientAuth
[server]
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = ${1:-DNS:none}
CONF
    printf '%s' "$conf"
}

[ $# -ge 2 ] || usage
what=$1 dir=$2
shift 2
mkdir -p "$dir"

case $what in
new)
    [ ! -e "$dir/ca.key" ] || die "$dir/ca.key is there already"
    quiet req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7300 -subj '/CN=tihuo authority' \
        -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$dir/ca.key" -out "$dir/ca.crt"
    quiet ca -config "$(books)" -gencrl -out "$dir/ca.crl"
    chmod 644 "$dir/ca.crt" "$dir/ca.crl"
    ;;
request)
    [ $# = 1 ] || usage
    check_name "$1"
    [ ! -e "$dir/$1.key" ] || die "$dir/$1.key is there already"
    quiet req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$dir/$1.key" -out "$dir/$1.csr"
    ;;
sign)
    [ $# -ge 1 ] || usage
    csr=$1
    shift
    name=$(openssl req -in "$csr" -verify -noout -subject -nameopt multiline 2>/dev/null | sed -n 's/ *commonName *= //p')
    check_name "$name"
    kind=client days=1825 hosts=
    if [ $# -gt 0 ]; then
        # clientAuth too: a NATS node is a client of the other nodes.
        kind=server days=825
        for host in "$@"; do
            if [[ $host == *:* || $host =~ ^[0-9.]+$ ]]; then hosts+=",IP:$host"; else hosts+=",DNS:$host"; fi
        done
    fi
    signed=$(dirname "$csr")/$name.crt
    quiet ca -batch -notext -config "$(books "${hosts#,}")" -extensions "$kind" -in "$csr" -out "$signed" \
        -startdate "$(date -u -d yesterday +%Y%m%d%H%M%SZ)" -days "$days"
    chmod 644 "$signed"
    ;;
revoke)
    [ $# = 1 ] || usage
    quiet ca -config "$(books)" -revoke "$1"
    quiet ca -config "$(books)" -gencrl -out "$dir/ca.crl"
    ;;
*) usage ;;
esac
