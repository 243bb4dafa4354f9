"""What each store may use, for brokers that want a list: NATS reads `stores.conf`, RabbitMQ `stores.json`.

    python stores.py nats S001 S002 S003 > stores.conf
    python stores.py rabbitmq < stores.txt > stores.json

A client is known by the name in its certificate: a store's id, or `cloud`. mosquitto needs no list, it has patterns.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from typing import Any

HEARS = ("down", "traffic")
SAYS = ("up", "state", "presence")
CLOUD = "cloud"


def nats(prefix: str, stores: list[str]) -> str:
    """Users and permissions. NATS writes topics with dots, and its MQTT side speaks over subjects of its own."""
    prefix = prefix.replace("/", ".")

    def user(name: str, store: str, says: tuple[str, ...], hears: tuple[str, ...]) -> str:
        publish = [f"{prefix}.{store}.{kind}" for kind in says]
        subscribe = [f"{prefix}.{store}.{kind}" for kind in hears] + ["$MQTT.sub.>", "$MQTT.deliver.>"]
        may = f"publish: {json.dumps(publish)}, subscribe: {json.dumps(subscribe)}"
        return f'  {{ user: "CN={name}", permissions: {{ {may} }} }}'

    users = [user(CLOUD, "*", HEARS, SAYS), *(user(store, store, SAYS, HEARS) for store in stores)]
    return "authorization { users = [\n" + "\n".join(users) + "\n] }\n"


def rabbitmq(prefix: str, stores: list[str]) -> str:
    """Definitions to load at the start. A store may use one queue, that of its client id, and its own topics."""
    topics = re.escape(prefix.replace("/", "."))

    def permissions(name: str, queue: str) -> dict[str, Any]:
        both = rf"^(amq\.topic|{queue})$"
        return {"user": name, "vhost": "/", "configure": f"^{queue}$", "write": both, "read": both}

    def topic(name: str, store: str, says: tuple[str, ...], hears: tuple[str, ...]) -> dict[str, Any]:
        says_, hears_ = (rf"^{topics}\.{store}\.({'|'.join(kinds)})$" for kinds in (says, hears))
        return {"user": name, "vhost": "/", "exchange": "amq.topic", "write": says_, "read": hears_}

    definitions = {
        "vhosts": [{"name": "/"}],
        "users": [{"name": name, "password_hash": "", "tags": []} for name in (CLOUD, *stores)],
        "permissions": [
            permissions(CLOUD, r"mqtt-subscription-.*cloud.*qos[01]"),
            *(permissions(store, rf"mqtt-subscription-tihuo-{re.escape(store)}qos[01]") for store in stores),
        ],
        "topic_permissions": [
            topic(CLOUD, r"[^.]+", HEARS, SAYS),
            *(topic(store, re.escape(store), SAYS, HEARS) for store in stores),
        ],
    }
    return json.dumps(definitions, indent=1) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("broker", choices=["nats", "rabbitmq"])
    parser.add_argument("store", nargs="*", help="without any, one to a line from standard input")
    parser.add_argument("--prefix", default="tihuo/v1")
    wanted = parser.parse_args()
    names = wanted.store or sys.stdin.read().split()
    if bad := [name for name in names if name == CLOUD or not re.fullmatch(r"[A-Za-z0-9-]{1,24}", name)]:
        parser.error(f"no store ids: {', '.join(bad)}")
    write = {"nats": nats, "rabbitmq": rabbitmq}[wanted.broker]
    sys.stdout.write(write(wanted.prefix, names))
