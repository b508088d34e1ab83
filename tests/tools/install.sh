#!/bin/bash
# install.sh DESTDIR: what `make install` does. The Makefile says where to by PREFIX and the others; what is not
# in the tree is left out. A configuration that is there is never touched: examples go beside the documents.
set -eu
shopt -s nullglob
cd "$(dirname "$0")/../.."
dest=${1-}

put() { # mode folder files...
	local mode=$1 folder=$2 file
	shift 2
	for file; do
		[ -f "$file" ] || continue
		install -D -m "$mode" "$file" "$dest$folder/$(basename "$file")"
	done
}
# Units name programs by the default places: rewritten where these differ.
put_unit() {
	local unit
	for unit; do
		install -d "$dest$SYSTEMDDIR/system"
		sed -e "s#/usr/sbin/dkimrotd#$SBINDIR/dkimrotd#g" -e "s#/usr/bin/dkimrotctl#$BINDIR/dkimrotctl#g" \
			-e "s#/etc/dkimrotd#$SYSCONFDIR/dkimrotd#g" "$unit" >"$dest$SYSTEMDDIR/system/$(basename "$unit")"
		chmod 644 "$dest$SYSTEMDDIR/system/$(basename "$unit")"
	done
}

put 755 "$SBINDIR" "$B/dkimrotd"
put 755 "$BINDIR" "$B/dkimrotctl"
for page in man/*.[1-9] "$B"/gen/*.[1-9]; do put 644 "$MANDIR/man${page##*.}" "$page"; done
put_unit systemd/*.service systemd/*.socket systemd/*.timer systemd/*.path
for file in systemd/*.sysusers systemd/sysusers*.conf systemd/sysusers.d/*.conf; do
	install -D -m 644 "$file" "$dest$PREFIX/lib/sysusers.d/dkimrotd.conf"
done
for file in systemd/*.tmpfiles systemd/tmpfiles*.conf systemd/tmpfiles.d/*.conf; do
	install -D -m 644 "$file" "$dest$PREFIX/lib/tmpfiles.d/dkimrotd.conf"
done
for file in "$B"/gen/*.catalog; do
	install -D -m 644 "$file" "$dest$PREFIX/lib/systemd/catalog/dkimrotd.catalog"
done
for file in conf/*; do put 644 "$DOCDIR/examples" "$file"; done
put 644 "$PREFIX/share/dkimrotd" conf/schema/*.json
put 644 "$DOCDIR/examples/ansible" conf/ansible/*
put 644 "$DOCDIR/examples/prometheus" conf/prometheus/*
put 644 "$PREFIX/share/bash-completion/completions" conf/completion/*
for file in conf/inventory.d/*; do put 644 "$DOCDIR/examples/inventory.d" "$file"; done
put 644 "$DOCDIR" README.md LICENSE
install -d -m 755 "$dest$SYSCONFDIR/dkimrotd" "$dest$SYSCONFDIR/dkimrotd/inventory.d"
install -d -m 700 "$dest$SYSCONFDIR/dkimrotd/credentials"
