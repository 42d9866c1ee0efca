#!/bin/sh
# Makes what compose.yaml mounts: a CA, the broker's certificate, passwords and tokens. Run it again at any time: what is
# there stays, what is missing is made. A certificate that is about to expire is replaced.
#
#   make-secrets.sh                    everything, for the gateway and the servers
#   make-secrets.sh device <name>...   also a user for each device; its password goes to devices/<name>.password
#
# SECRETS_DIR   where to; default: secrets, beside this script
# BROKER_NAMES  further names and addresses of the broker, as in "DNS:mqtt.example.org,IP:192.0.2.1"
# KEEP_OWNER=1  leaves the files to the user who makes them
#
# All files have mode 0600. Run as root, it gives each to the user that reads it in its container.
set -eu
umask 077

here=$(cd "$(dirname "$0")" && pwd)
secrets=${SECRETS_DIR:-$here/secrets}
days_ca=3650
days_server=825
soon=2592000 # 30 days, in seconds

fail() { echo "make-secrets.sh: $1" >&2; exit 1; }
for program in openssl mosquitto_passwd; do
  command -v "$program" >/dev/null || fail "$program is missing; Debian has it in the package ${program%%_*}"
done
if [ "$#" -gt 0 ]; then
  [ "$1" = device ] && [ "$#" -gt 1 ] || fail "wants nothing, or: device <name>..."
  shift
fi
for name in "$@"; do
  # It stands in topics and in the ACL's patterns: no level separator, no wildcard, no ":" of the password file.
  case $name in
    '' | .* | -* | *[!A-Za-z0-9._-]*)
      fail "device name '$name' wants only letters, digits, '.', '_' and '-', a letter, digit or '_' first" ;;
    gateway | health) fail "device name '$name' is taken" ;;
  esac
done
mkdir -p "$secrets"
secrets=$(cd "$secrets" && pwd)
cd "$secrets"
# A file is complete or not there, whenever this script is interrupted.
trap 'rm -f "$secrets"/.new.*' EXIT

# password <file>: 192 random bits, in characters that a URL takes as they are
password() {
  [ -s "$1" ] && return
  openssl rand -base64 24 | tr '+/' '-_' | tr -d '\n' >.new.password
  mv .new.password "$1"
}

# text <file> <text>
text() {
  [ -s "$1" ] && return
  printf '%s' "$2" >.new.text
  mv .new.text "$1"
}

# user <name> <password file>: in the broker's password file, with the password of the file
user() {
  [ -e mosquitto.passwords ] || : >mosquitto.passwords
  cp mosquitto.passwords .new.users
  # mosquitto_passwd turns plain text into hashes in place: the password is never an argument, which others could read.
  printf '%s:%s\n' "$1" "$(cat "$2")" >.new.user
  mosquitto_passwd -U .new.user
  awk -F: -v name="$1" '$1 != name' .new.users >.new.others
  cat .new.others .new.user >.new.passwords
  mv .new.passwords mosquitto.passwords
}

has_user() { [ -e mosquitto.passwords ] && awk -F: -v name="$1" '$1 == name { found = 1 } END { exit !found }' mosquitto.passwords; }

certificate_authority() {
  [ -s ca.key ] && [ -s ca.crt ] && return
  openssl ecparam -name prime256v1 -genkey -noout -out .new.ca.key
  openssl req -x509 -new -key .new.ca.key -sha256 -days "$days_ca" -subj "/CN=Sluice broker CA" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -out .new.ca.crt
  rm -f mosquitto.crt
  mv .new.ca.key ca.key
  mv .new.ca.crt ca.crt
}

server_certificate() {
  names="DNS:mosquitto,DNS:localhost,IP:127.0.0.1${BROKER_NAMES:+,$BROKER_NAMES}"
  if [ -s mosquitto.key ] && [ -s mosquitto.crt ] && [ "$(cat mosquitto.names 2>/dev/null)" = "$names" ] &&
    openssl x509 -in mosquitto.crt -noout -checkend "$soon" >/dev/null; then
    return
  fi
  openssl ecparam -name prime256v1 -genkey -noout -out .new.server.key
  openssl req -new -key .new.server.key -subj "/CN=mosquitto" -out .new.server.csr
  printf '%s\n' "subjectAltName=$names" "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" \
    "extendedKeyUsage=serverAuth" "authorityKeyIdentifier=keyid" >.new.server.ext
  openssl x509 -req -in .new.server.csr -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" \
    -sha256 -days "$days_server" -extfile .new.server.ext -out .new.server.crt 2>/dev/null
  rm -f mosquitto.crt
  mv .new.server.key mosquitto.key
  mv .new.server.crt mosquitto.crt
  printf '%s' "$names" >mosquitto.names
}

# give <uid> <file>...
give() {
  owner=$1
  shift
  [ "${KEEP_OWNER:-}" = 1 ] || [ "$(id -u)" != 0 ] || chown "$owner" "$@"
}

certificate_authority
server_certificate
cp "$here/mosquitto/acl" .new.acl
mv .new.acl mosquitto.acl

for name in gateway health; do
  [ -s "mqtt-$name.password" ] && has_user "$name" && continue
  password "mqtt-$name.password"
  user "$name" "mqtt-$name.password"
done
password admin.token
password postgres.password
password mariadb.password
text postgres.url "postgres://sluice:$(cat postgres.password)@postgres:5432/sluice"
text mariadb.url "mariadb://sluice:$(cat mariadb.password)@mariadb:3306/sluice"

[ "$#" = 0 ] || mkdir -p devices
for name in "$@"; do
  if [ -s "devices/$name.password" ] && has_user "$name"; then continue; fi
  password "devices/$name.password"
  user "$name" "devices/$name.password"
done

# Users of the images: mosquitto 1883, node 1000, postgres and mysql 999.
give 1883 mosquitto.key mosquitto.crt mosquitto.passwords mosquitto.acl mqtt-health.password
give 1000 mqtt-gateway.password admin.token postgres.url mariadb.url
give 999 postgres.password mariadb.password
# Everyone's to trust, and the gateway's and devices' to read.
chmod 644 ca.crt
[ "$(id -u)" = 0 ] || [ "${KEEP_OWNER:-}" = 1 ] ||
  echo "Not run as root, so that all files are yours; the containers' users (1883, 1000, 999) cannot read them." >&2
