#!/usr/bin/env bash
# gRPC's channel arguments that say how soon to connect again also say how long connecting may take.
#
# A server that accepts a connection at once, but is slow to begin HTTP/2 on it (it sends its SETTINGS after 1.5 s, as
# one behind a long line or on a loaded machine may), is reached by a channel with default arguments. A channel with
# grpc.min_reconnect_backoff_ms=100 and grpc.max_reconnect_backoff_ms=1000, which only wants to hear soon of a server
# that restarts, never reaches it: each attempt is given up after 0.1 to about 1 s ("tcp handshaker shutdown"), the
# server sees one connection after another, and the channel stays in TRANSIENT_FAILURE for good. The name and the
# documentation of grpc.min_reconnect_backoff_ms speak of the time between attempts alone. With
# grpc.initial_reconnect_backoff_ms=100, grpc.max_reconnect_backoff_ms=1000 and the minimum left at its default of 20 s
# the channel connects, and still tries a closed port again within a second. Seen with grpcio 1.85.1, and with
# gRPC 1.51 in C++.
#
# Imprint's channels (rpc/channel.cc) leave an attempt 5 s. Exits with 1 if the behaviour is another one.
#
# Needs python3 with venv, and PyPI.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q grpcio==1.85.1
cat > slow.py <<'CODE'
import socket, threading, time
import grpc

SETTINGS = b"\0\0\0" + b"\4\0" + b"\0\0\0\0"
connections = []


def serve(listener):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connections.append(connection)
        threading.Thread(target=greet, args=[connection], daemon=True).start()


def greet(connection):
    time.sleep(1.5)
    try:
        connection.sendall(SETTINGS)
        while connection.recv(4096):
            pass
    except OSError:
        pass


def connects(**arguments):
    connections.clear()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=[listener], daemon=True).start()
        options = [(f"grpc.{name}_reconnect_backoff_ms", value) for name, value in arguments.items()]
        with grpc.insecure_channel(f"127.0.0.1:{listener.getsockname()[1]}",
                                   options=[*options, ("grpc.use_local_subchannel_pool", 1)]) as channel:
            try:
                grpc.channel_ready_future(channel).result(timeout=15)
                return "connected"
            except grpc.FutureTimeoutError:
                return "not connected in 15 s, after several attempts" if len(connections) > 3 else "not connected"


print(grpc.__version__)
print("default:", connects())
print("initial 100, max 1000:", connects(initial=100, max=1000))
print("initial 100, min 100, max 1000:", connects(initial=100, min=100, max=1000))
CODE
venv/bin/python slow.py | tee seen
diff - seen <<'EXPECTED'
1.85.1
default: connected
initial 100, max 1000: connected
initial 100, min 100, max 1000: not connected in 15 s, after several attempts
EXPECTED
