#!/bin/bash
# dkimrotctl's pictures against a server that says what we want, and what we do not want: widths, colours, text that would
# forge a terminal, answers that are none. And what wrong usage is.
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "$0")/ovhsim_lib.bash"
SOCK=$work/s server=''
# shellcheck disable=SC2317 # called by trap
end_server() {
	[ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; }
	server=''
}
trap 'end_server; sim_clean_up' EXIT
cat >"$work/server.py" <<'END'
import json, os, socketserver, sys, time, http.server
path, status, domains, how = sys.argv[1], open(sys.argv[2]).read(), open(sys.argv[3]).read(), sys.argv[4]
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, code, text):
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(200, "[]")
    def do_GET(self):
        if how == "list": return self.answer(200, "[]")
        if how == "hang": time.sleep(100)
        if how == "html": return self.answer(200, "<html>hello</html>")
        if how == "error": return self.answer(503, '{"error":"starting","message":"the daemon is starting"}')
        if how == "cut":
            self.send_response(200); self.send_header("Content-Length", "100"); self.end_headers()
            self.wfile.write(b'{"version"'); self.close_connection = True; return
        if self.path == "/v1/status": return self.answer(200, status)
        if how == "half" and self.path.startswith("/v1/domains"):
            self.send_response(200); self.send_header("Content-Length", str(len(domains.encode()))); self.end_headers()
            self.wfile.write(domains.encode()[:-40]); self.close_connection = True; return
        if how == "whole" and self.path.startswith("/v1/domains?"): return self.answer(200, domains)
        if self.path == "/v1/domains": return self.answer(200, domains)
        self.answer(404, json.dumps({"error": "unknown-domain", "message": "asked for " + self.path}))
    def log_message(self, *_): pass
class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    def get_request(self):
        return super().get_request()[0], ("local", 0)
server = Server(path, Handler)
open(path + ".ready", "w").close()
server.serve_forever()
END
serve() { # [how]
	end_server
	rm -f "$SOCK" "$SOCK.ready"
	/usr/bin/python3 "$work/server.py" "$SOCK" "$work/status.json" "$work/domains.json" "${1-}" &
	server=$!
	while [ ! -e "$SOCK.ready" ]; do kill -0 "$server" || exit 1; sleep 0.05; done
}
run() {
	OUT=$("$BUILD/dkimrotctl" --socket "$SOCK" "$@" 2>"$work/err" </dev/null)
	RC=$? ERR=$(<"$work/err")
}
# So many days ago or ahead and half an hour, so that the seconds of this test change no span that is shown.
in_days() { date -u -d "@$((began + $1 * 86400 + (${1/+/} > 0 ? 1800 : -1800)))" +%Y-%m-%dT%H:%M:%SZ; }
began=$(date +%s)

cat >"$work/status.json" <<END
{"version":"1","since":"$(in_days -1)","mode":"manage","paused":null,"accounts":[{"name":"default","state":"stopped","breaker":"open",
"clock_offset":0,"refused":"the key is \\u001b[31mexpired\\nforged"}],"phases":{},"conditions":{},
"files":[{"path":"/etc/dkimrotd/inventory.d/a.yaml","state":"last-good","error":"a.yaml:3:5: no"}]}
END
selector() { # NAME STATE ROLE [MORE]
	printf '{"name":"ovhex1234-%s","state":"%s","role":"%s","record":"ovhex1234-%s._domainkey.x.example","target":"t.dkim.mail.ovh.net","dns":"ok"%s}' "$1" "$2" "$3" "$1" "${4-}"
}
cat >"$work/domains.json" <<END
[{"domain":"calm.example","account":"default","platform":"exchange","phase":"settled","condition":"ok","reason":"settled","waits_on":"time",
"since":"$(in_days -9)","next":{"action":"enable","at":"$(in_days +30)"},"next_look":"$(in_days +1)","active_selector":"ovhex1234-selector1","zone":"calm.example",
"selectors":[$(selector selector1 inProduction active),$(selector selector2 ready spare)],"rotated":null,"next_rotation":null,"diagnosis":null},
{"domain":"grace-of-a-long-name.example","account":"default","platform":"exchange","phase":"grace","condition":"ok","reason":"old-key-in-grace","waits_on":"time",
"since":"$(in_days -3)","next":{"action":"delete","at":"$(in_days +4)"},"next_look":"$(in_days +1)","active_selector":"ovhex1234-selector2","zone":"calm.example",
"selectors":[$(selector selector1 ready retired ",\"stopped_signing\":\"$(in_days -4)\",\"delete_after\":\"$(in_days +4)\""),$(selector selector2 inProduction active)],
"rotated":"$(in_days -3)","next_rotation":"$(in_days +80)","diagnosis":null},
{"domain":"evil.example","account":"default","platform":"exchange","phase":"settled","condition":"error","reason":"no\\u001b[2Jsuch","waits_on":"person",
"since":"$(in_days -3)","next":{"action":"look","at":"$(in_days +1)"},"next_look":"$(in_days +1)","active_selector":null,
"detail":"\\u001b]0;title\\u0007 x\\ny","zone":"evil.example","selectors":[{"name":"s\\ninjected. IN A 192.0.2.1","state":"ready","role":"spare","record":"bad name\\nx","target":"a b","dns":"missing"}],
"rotated":null,"next_rotation":null,"diagnosis":{"code":504,"message":"\\u009b31m\\u0007","remedy":"r"}}]
END

serve
export LC_ALL=C.UTF-8
run status
is "status without a terminal" "$RC" 0
is "has no escape sequence" "$(grep -c $'[\033\007]' <<<"$OUT")" 0
is "evil text makes no lines of its own" "$(grep -c '^y\|^forged' <<<"$OUT")" 0
has "names are whole" "$OUT" "ovhex1234-selector2 inProduction active"
has "a grace has its bar" "$OUT" "█████░░░░░"
has "an account that is stopped is told" "$OUT" "account default is stopped: the key is ?[31mexpired?forged"
has "a faulty file too" "$OUT" "file /etc/dkimrotd/inventory.d/a.yaml is faulty (its last good version stays in force)"
has "the breaker, with the remedy" "$OUT" "dkimrotctl resume --all"
for width in 200 140 110 90 76; do
	COLUMNS=$width run status
	is "it fits into $width columns" "$(grep -E ".{$((width + 1)),}" <<<"$OUT")" ""
done
has "when narrow, selectors are short" "$OUT" "1 retired, 2 active"
LC_ALL=C COLUMNS=140 run status
has "bars without UTF-8" "$OUT" "####----"
run status --color always
ok "colour when asked for" grep -q $'\033\\[1;31merror\033\\[0m' <<<"$OUT"
NO_COLOR=1 run status --color always
is "none with NO_COLOR, even so" "$(grep -c $'\033' <<<"$OUT")" 0
on_terminal() { script -qec "stty cols 100; env $1 '$BUILD/dkimrotctl' --socket '$SOCK' status" /dev/null </dev/null; }
ok "colour on a terminal" grep -q $'\033\\[' <<<"$(on_terminal TERM=xterm)"
is "not with NO_COLOR" "$(on_terminal 'TERM=xterm NO_COLOR=1' | grep -c $'\033')" 0
is "not on a dumb one" "$(on_terminal TERM=dumb | grep -c $'\033')" 0

run explain evil.example
is "a name that the daemon does not know" "$RC" 1
run explain 'a/../b?c'
has "names are encoded into the path" "$ERR" "/v1/domains/a%2F..%2Fb%3Fc"
run records
is "a zone file has only records and comments" "$(grep -cvE '^(;.*|[a-z0-9._-]+\. +IN CNAME [a-z0-9._-]+\. ;.*|)$' <<<"$OUT")" 0
run status --check
is "the worst decides" "$RC" 2
is "one bar at most in each line" "$(awk -F'|' 'NF > 2' <<<"$OUT")" ""

run status --color always
ASKED_TWICE=$(sed -E 's/[0-9]+(d|h|min|s)\b//g' <<<"$OUT") # a daemon that has no table refuses to tell one
serve whole
run status --color always
is "one that tells the whole list instead is understood as well" "$(sed -E 's/[0-9]+(d|h|min|s)\b//g' <<<"$OUT")" "$ASKED_TWICE"
has "and this is the list" "$OUT" "grace-of-a-long-name.example"
serve half
run status --state "$work"
is "half a list is none" "$RC $OUT" "3 "
run status --check
is "nor is it for a check" "$RC" 3

serve html
run status --check
is "what answers is no dkimrotd" "$RC" 3
run pause --all --reason x --socket ""
is "without a socket nothing is asked" "$RC $ERR" "2 dkimrotctl: --socket needs a path"
run explain calm.example --socket "/$(printf 'x%.0s' {1..150})"
has "a path that does not fit is said to be too long" "$RC $ERR" "xxx: File name too long"
serve list
run status --check
is "nor is what answers with any JSON" "$RC" 3
run pause --all --reason x
is "that it paused is not believed of it" "$RC $OUT" "3 "
serve hang
OUT=$(timeout 60 "$BUILD/dkimrotctl" --socket "$SOCK" status --check)
is "one that stands still is told before a monitoring system loses its patience" "$?" 3
serve cut
run explain calm.example
is "half an answer is none" "$RC" 3
serve error
run explain calm.example
is "a daemon that is starting cannot be asked yet" "$RC" 3
has "and says why" "$ERR" "the daemon is starting"
end_server

usage() { # ARG...
	run "$@"
	is "wrong usage: $*" "$RC" 2
	is "nothing on stdout: $*" "$OUT" ""
	ok "said on stderr: $*" test -n "$ERR"
}
usage
usage statsu
has "with a suggestion" "$ERR" "did you mean status?"
usage status --reason x
usage explain
usage explain a b
usage rotate a --back --compromised
usage rotate a --wait soon
usage pause a --reason x --for 7
usage pause --reason x
usage records --nonsense
usage check -c
usage plan --until soon
usage status --color blue
run --version
is "a version" "$RC ${OUT%% *}" "0 dkimrotctl"
run --help
is "help" "$RC" 0
is "help fits a terminal" "$(awk 'length($0) > 80' <<<"$OUT")" ""
done_testing
