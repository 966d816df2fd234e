"""relay.py DELAY_MS JITTER_MS: passes frames between the interfaces a and b, each held for so long."""

import heapq, random, select, socket, sys, time

delay, jitter = float(sys.argv[1]) / 1e3, float(sys.argv[2]) / 1e3
queue, number = [], 0


def end(name):
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    opened.bind((name, 3))
    opened.setblocking(False)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    return opened


a, b = end("a"), end("b")
while True:
    wait = max(0, queue[0][0] - time.perf_counter()) if queue else 1
    for ready in select.select([a, b], [], [], wait)[0]:
        frame, address = ready.recvfrom(2048)
        if address[2] != socket.PACKET_OUTGOING:
            number += 1
            due = time.perf_counter() + delay + random.random() * jitter
            heapq.heappush(queue, (due, number, b if ready is a else a, frame))
    while queue and queue[0][0] <= time.perf_counter():
        _, _, to, frame = heapq.heappop(queue)
        to.send(frame)
