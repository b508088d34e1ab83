#!/bin/bash
# dkimrotctl confirm: real signers, asked which key they sign with by a message through them.
# shellcheck source=tests/e2e/mail_lib.bash
. "$(dirname "$0")/mail_lib.bash"
needs "signers asked" knotd openssl opendkim rspamd
map=$work/maps
mkdir "$map"
for k in one two; do
	openssl genrsa -out "$work/$k.pem" 2048 2>/dev/null
	chmod 644 "$work/$k.pem" # rspamd is nobody special here
done
knot_start mail.example <<END
one._domainkey TXT $(split "v=DKIM1; k=rsa; p=$(public one)")
two._domainkey TXT $(split "v=DKIM1; k=rsa; p=$(public two)")
END
cat >"$work/c.yaml" <<END
accounts: { default: { endpoint: ovh-eu, credentials: ovh.conf } }
dns: { resolvers: [ "127.0.0.1@$KNOT_PORT" ], trust_anchor: "" }
END
sign_with() { # selector of both signers' maps
	printf '# dkimrotd version 7\nmail.example mail.example:%s:%s\n' "$1" "$work/${2-$1}.pem" >"$map/KeyTable"
	echo "*@mail.example mail.example" >"$map/SigningTable"
	printf '# dkimrotd version 7\nmail.example %s\n' "$1" >"$map/selectors.map"
	echo "mail.example $work/\$selector.pem" >"$map/paths.map"
}
confirm() { # where map [before]
	OUT=$(timeout 60 "$BUILD/dkimrotctl" confirm -c "$work/c.yaml" --milter "$1" "${@:2}" 2>"$work/err")
	RC=$? ERR=$(<"$work/err")
}
sign_with one
opendkim_start "$map"
rspamd_start "$map"
confirm "inet:$OPENDKIM_PORT@127.0.0.1" "$map/KeyTable"
is "OpenDKIM signs with the key of its table" "$RC|$OUT|$ERR" "0|mail.example one 7|"
confirm "127.0.0.1:$RSPAMD_PORT" "$map/selectors.map"
is "rspamd signs with the key of its map" "$RC|$OUT|$ERR" "0|mail.example one 7|"
# The map names another key, and nobody told the signer.
echo "mail.example two" >"$work/ahead.map"
echo "mail.example two 5" >"$work/before"
confirm "localhost:$OPENDKIM_PORT" "$work/ahead.map" "$work/before"
is "a signer that has not taken the new map" "$RC|$OUT" "1|"
has "is told apart" "$ERR" "mail.example: the signer signs with one, not with two"
echo "other.example one" >"$work/other.map"
confirm "localhost:$OPENDKIM_PORT" "$map" "$work/nothing"
is "the folder of the maps will do" "$RC|$OUT|$ERR" "0|mail.example one 7|"
confirm "inet:$OPENDKIM_PORT" "$work/other.map"
has "a domain that it does not sign" "$RC $ERR" "1 dkimrotctl: other.example: the signer does not sign its mail"
# It signs with a key that is not the one in the DNS.
sign_with one two
kill "$opendkim_pid"
wait "$opendkim_pid" 2>/dev/null
(confirm "localhost:$OPENDKIM_PORT" "$map/KeyTable"; echo "$RC $ERR" >"$work/asked") &
asked=$!
sleep 1
opendkim_start "$map" # it is waited for
wait "$asked"
has "a key that is not the one in the DNS" "$(<"$work/asked")" "1 dkimrotctl: mail.example: the signature with one does not hold"
# Who does not answer.
confirm "127.0.0.1:1" "$map/KeyTable"
has "nobody listens" "$RC $ERR" "1 dkimrotctl: mail.example: 127.0.0.1:1: Connection refused"
echo "mail.example one 5" >"$work/before"
confirm "127.0.0.1:1" "$map/KeyTable" "$work/before"
is "what was seen before stands while nobody answers" "$RC|$OUT" "1|mail.example one 5"
echo "mail.example two 5" >"$work/before"
confirm "127.0.0.1:1" "$map/KeyTable" "$work/before"
is "of the same selector only" "$RC|$OUT" "1|"
confirm "unix:$work/none.sock" "$map/KeyTable"
has "no such socket" "$RC $ERR" "No such file or directory"
confirm "somewhere" "$map/KeyTable"
has "no address at all" "$RC $ERR" "somewhere: Invalid argument"
nc_port=$(free_port)
/usr/bin/python3 -c "
import socket
s = socket.create_server(('127.0.0.1', $nc_port))
open('$work/listening', 'w').close()
for answer in (b'\x00\x00\x00\x00', b'\x00\x00\x00\x0dO' + b'\x00' * 11, b''):
    c, _ = s.accept(); c.recv(100); c.sendall(answer); c.close()" &
mail_pids+=($!)
soon "somebody listens who is no signer" 20 test -e "$work/listening"
for what in "a length of nothing" "half an answer" "no answer"; do
	confirm "127.0.0.1:$nc_port" "$map/KeyTable"
	has "$what" "$RC $ERR" "1 dkimrotctl: mail.example: the signer"
done
"$BUILD/dkimrotctl" confirm "$map/KeyTable" >/dev/null 2>&1
is "without --milter" $? 2
confirm "127.0.0.1:1" "$work/nothing"
is "no such map" "$RC" 2
done_testing
