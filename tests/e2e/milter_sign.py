#!/usr/bin/python3
"""milter_sign.py PORT DOMAIN: hands a message from DOMAIN to the milter on 127.0.0.1:PORT, as a mail server would, and prints
it with the header fields that were added. Exits with 1 when it was not taken."""
import os, socket, struct, sys, time

port, domain = int(sys.argv[1]), sys.argv[2]
fields = [("From", f"Somebody <somebody@{domain}>"), ("To", "you@receiver.example"), ("Subject", f"message {time.time_ns()}"),
          ("Date", time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())),
          ("Message-ID", f"<{time.time_ns()}.{os.getpid()}@{domain}>"), ("MIME-Version", "1.0"),
          ("Content-Type", "text/plain; charset=us-ascii")]
body = "Hello,\r\nthis is a message that somebody signed.\r\n"
s = socket.create_connection(("127.0.0.1", port), 10)
s.settimeout(20)
stream = s.makefile("rb")


def send(command, data=b""):
    s.sendall(struct.pack(">I", len(data) + 1) + command + data)


def hear():
    head = stream.read(4)
    if len(head) < 4:
        sys.exit("the milter hung up")
    packet = stream.read(struct.unpack(">I", head)[0])
    return packet[:1], packet[1:]


def step(command, data=b"", silent=0):
    send(command, data)
    if protocol & silent:
        return
    answer, _ = hear()
    if answer not in b"cas":
        sys.exit(f"the milter answers {answer!r} to {command!r}")


def text(*parts):
    return b"".join(p.encode() + b"\0" for p in parts)


protocol = 0
send(b"O", struct.pack(">III", 6, 0x1FF, 0xFF3EF & ~0x30))
_, data = hear()
protocol = struct.unpack(">III", data[:12])[2]
send(b"D", b"C" + text("j", "mail.receiver.example"))
if not protocol & 0x1: step(b"C", text("localhost") + b"4" + struct.pack(">H", 25) + text("127.0.0.1"), 0x1000)
if not protocol & 0x2: step(b"H", text("localhost"), 0x2000)
send(b"D", b"M" + text("i", f"Q{os.getpid()}"))
if not protocol & 0x4: step(b"M", text(f"<somebody@{domain}>"), 0x4000)
if not protocol & 0x8: step(b"R", text("<you@receiver.example>"), 0x8000)
if not protocol & 0x200: step(b"T", b"", 0x10000)
for name, value in fields:
    step(b"L", text(name, value), 0x80)
if not protocol & 0x40: step(b"N", b"", 0x40000)
step(b"B", body.encode(), 0x80000)
send(b"E")
added = []
while True:
    answer, data = hear()
    if answer == b"i":
        answer, data = b"h", data[4:]
    if answer == b"h":
        name, value = data.rstrip(b"\0").split(b"\0", 1)
        added.append(f"{name.decode()}: {value.decode().lstrip(' ')}".replace("\r\n", "\n").replace("\n", "\r\n"))
    elif answer in b"ca":
        break
    elif answer in b"rtdy4":
        sys.exit("the milter refuses the message")
send(b"Q")
if not any(a.lower().startswith("dkim-signature:") for a in added):
    sys.exit("it was not signed")
sys.stdout.write("".join(a + "\r\n" for a in added) + "".join(f"{n}: {v}\r\n" for n, v in fields) + "\r\n" + body)
