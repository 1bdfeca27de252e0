"""Runs Optimizely's SDK: each request that it makes goes, as the same bytes, to every URL given.

Usage: optimizely_sender.py DATAFILE COUNT URL...
"""
import json
import sys

import requests
from optimizely import optimizely
from optimizely.event.event_processor import BatchEventProcessor

datafile = open(sys.argv[1], encoding="utf-8").read()
count = int(sys.argv[2])
urls = sys.argv[3:]


class ToEach:
    @staticmethod
    def dispatch_event(event):
        body = json.dumps(event.params)
        for url in urls:
            requests.post(url, data=body, headers=event.headers, timeout=30).raise_for_status()


processor = BatchEventProcessor(ToEach, batch_size=100, flush_interval=60, timeout_interval=60, start_on_init=True)
client = optimizely.Optimizely(datafile, event_processor=processor)
for n in range(count // 2):
    user = client.create_user_context(f"python-{n} é", {"plan": "gold", "age": n, "unknown": True})
    user.decide("checkout_flow" if n % 5 else "nothing_decided")
    user.track_event("purchase", {"revenue": 4200 + n, "value": 1.5, "sku": "ä", "big": 2**60 + n, "list": [1, None]})
processor.stop()
