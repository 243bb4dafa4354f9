"""The brokers of a chain as `provisioning/broker` ships them, on loopback: TLS, client certificates, rules for stores.

Only ports and places are changed in the shipped files, and how long NATS waits before it says something again.
Certificates come from the shipped authority.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tihuo.demo import shop
from tihuo.demo.broker import Broker, BrokerTls, NoBroker, find_broker
from tihuo.demo.cloud import BrokerAddress
from tihuo.settings import Cloud

SHIPPED = Path(__file__).resolve().parents[1] / "provisioning" / "broker"
STORES = (shop.SHOP_ID, "S02", "probe")
CONNECT = b"\x10\x15\x00\x04MQTT\x04\x02\x00\x0a\x00\x09readiness"
Node = tuple[str, int]


class Pki:
    """An authority, and a certificate for the broker, the cloud and each store; all in one folder."""

    def __init__(self, folder: Path, stores: tuple[str, ...]) -> None:
        self.folder = folder
        self._do("new")
        for name in ("broker", "cloud", *stores):
            self._do("request", name)
            self._do("sign", str(folder / f"{name}.csr"), *(("127.0.0.1", "localhost") if name == "broker" else ()))
        self.ca = folder / "ca.crt"

    def _do(self, what: str, *args: str) -> None:
        subprocess.run([SHIPPED / "authority.sh", what, self.folder, *args], check=True, capture_output=True)

    def of(self, name: str) -> tuple[Path, Path]:
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def revoke(self, name: str) -> None:
        self._do("revoke", str(self.folder / f"{name}.crt"))

    def context(self, name: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca)
        context.load_cert_chain(*self.of(name))
        return context


class Guarded:
    """What a broker of one node and one of three have in common: who comes in, and where."""

    pki: Pki
    nodes: list[Node]

    @property
    def port(self) -> int:
        return self.nodes[0][1]

    def box(self, name: str = shop.SHOP_ID) -> Cloud:
        """The settings of a box that shows the certificate of `name`."""
        cert, key = self.pki.of(name)
        more = tuple(f"{host}:{port}" for host, port in self.nodes[1:])
        host, port = self.nodes[0]
        return Cloud(host=host, port=port, more_hosts=more, ca=self.pki.ca, cert=cert, key=key)

    @property
    def cloud(self) -> BrokerAddress:
        cert, key = self.pki.of("cloud")
        return BrokerAddress(*self.nodes[0], ca=self.pki.ca, cert=cert, key=key, others=tuple(self.nodes[1:]))


class GuardedMosquitto(Guarded, Broker):
    """mosquitto of a shop or a small chain. Raises NoBroker where it is not installed."""

    def __init__(self, folder: Path, stores: tuple[str, ...] = STORES) -> None:
        find_broker("mosquitto")
        self.pki = Pki(folder / "pki", stores)
        tls = BrokerTls(self.pki.ca, *self.pki.of("broker"), ask_clients=True)
        Broker.__init__(self, folder, kind="mosquitto", tls=tls)

    @property
    def port(self) -> int:
        return self._port

    @port.setter
    def port(self, port: int) -> None:
        self._port = port
        self.nodes = [("127.0.0.1", port)]

    def revoke(self, name: str) -> None:
        """Somebody's box was stolen; mosquitto reads the list again when it starts."""
        self.stop()
        self.pki.revoke(name)
        self.start()

    def _mosquitto_config(self) -> str:
        places = {
            "listener 8883": f"listener {self.port} 127.0.0.1",
            "/etc/mosquitto/tihuo/acl": SHIPPED / "acl",
            "/etc/mosquitto/tihuo": self.pki.folder,
            "/var/lib/mosquitto/": f"{self.folder}/",
        }
        more = "\nlog_dest stderr\n" + ("user root\n" if os.geteuid() == 0 else "")
        return _changed("mosquitto.conf", places) + more


class Cluster(Guarded):
    """Three nodes of one broker, each a process of ours that can be killed."""

    def __init__(self, folder: Path, stores: tuple[str, ...] = STORES) -> None:
        self.folder = folder
        self.pki = Pki(folder / "pki", stores)
        self._stores = stores
        self._children: dict[Node, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Cluster:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start every node that is not running, and wait until all of them answer."""
        for number, node in enumerate(self.nodes):
            if node not in self._children:
                self._start(node, number)
        for node in self.nodes:
            self._wait(node, 60)

    def _start(self, node: Node, number: int) -> None:
        raise NotImplementedError

    @property
    def pids(self) -> list[int]:
        return [child.pid for child in self._children.values()]

    def kill(self, node: Node) -> None:
        """Take one node away as a power cut does."""
        child = self._children.pop(node)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def stop(self) -> None:
        for node in list(self._children):
            self.kill(node)

    def _run(self, node: Node, command: list[Any], **how: Any) -> None:
        with (self.folder / f"{node[1]}.log").open("ab") as out:
            how |= {"stdin": subprocess.DEVNULL, "start_new_session": True, "cwd": self.folder}
            self._children[node] = subprocess.Popen(command, stdout=out, stderr=out, **how)

    def _wait(self, node: Node, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._answers(node):
            if self._children[node].poll() is not None or time.monotonic() > until:
                said = (self.folder / f"{node[1]}.log").read_text(errors="replace")[-2000:]
                raise NoBroker(f"{self._children[node].args} did not start:\n{said}")
            time.sleep(0.05)

    def _answers(self, node: Node) -> bool:
        try:
            plain = socket.create_connection(node, timeout=2)
            with self.pki.context("cloud").wrap_socket(plain, server_hostname=node[0]) as line:
                line.sendall(CONNECT)
                return line.recv(4)[3:] == b"\0"
        except OSError:
            return False


class NatsCluster(Cluster):
    """Three NATS nodes. Raises NoBroker where there is no nats-server."""

    def __init__(self, folder: Path, stores: tuple[str, ...] = STORES) -> None:
        self._program = find_broker("nats")[1]
        super().__init__(folder, stores)
        ports = free_ports(6)
        self.nodes = [("127.0.0.1", port) for port in ports[:3]]
        routes = dict(zip(("n1", "n2", "n3"), ports[3:], strict=True))
        for (_, port), (name, route) in zip(self.nodes, routes.items(), strict=True):
            home = folder / name
            home.mkdir()
            places = {
                "server_name: n1": f"server_name: {name}",
                "port: 4222": "port: -1",
                "0.0.0.0:6222": f"127.0.0.1:{route}",
                **{f"nats://{peer}:6222": f"nats://127.0.0.1:{to}" for peer, to in routes.items()},
                '"0.0.0.0"': '"127.0.0.1"',
                "port: 8883": f"port: {port}",
                "/etc/nats": self.pki.folder,
                "/var/lib/nats": home,
                'ack_wait: "10s"': 'ack_wait: "2s"',
            }
            (home / "nats.conf").write_text(_changed("nats.conf", places))
            (home / "stores.conf").write_text(_rules("nats", self._stores))

    def _start(self, node: Node, number: int) -> None:
        self._run(node, [self._program, "-c", self.folder / f"n{number + 1}" / "nats.conf"])


class RabbitCluster(Cluster):
    """Three RabbitMQ nodes with a name server of their own. Raises NoBroker where RabbitMQ is not installed."""

    def __init__(self, folder: Path, stores: tuple[str, ...] = STORES) -> None:
        self._program = find_rabbitmq()
        super().__init__(folder, stores)
        ports = free_ports(7)
        self.nodes = [("127.0.0.1", port) for port in ports[:3]]
        self._distribution, self._epmd = ports[3:6], ports[6]
        (folder / "stores.json").write_text(_rules("rabbitmq", self._stores))
        (folder / ".erlang.cookie").write_text("loopback")
        (folder / ".erlang.cookie").chmod(0o400)
        for number, (_, port) in enumerate(self.nodes, 1):
            places = {
                "ssl.default = 8883": f"ssl.1 = 127.0.0.1:{port}",
                "/etc/rabbitmq/stores.json": folder / "stores.json",
                "/etc/rabbitmq": self.pki.folder,
            }
            peers = [f"cluster_formation.classic_config.nodes.{n} = r{n}@localhost" for n in (1, 2, 3)]
            more = ["listeners.tcp = none", "cluster_formation.peer_discovery_backend = classic_config", *peers]
            config = _changed("rabbitmq.conf", places) + "\n".join([*more, ""])
            (folder / f"r{number}.conf").write_text(config)

    def start(self) -> None:
        names = ("127.0.0.1", self._epmd)
        if names not in self._children:
            self._run(names, ["epmd", "-address", "127.0.0.1", "-port", str(self._epmd)])
        for number, node in enumerate(self.nodes):
            if node not in self._children:
                self._start(node, number)
                self._wait(node, 60)  # one after the other: nodes that begin at once may not find into one cluster

    def _start(self, node: Node, number: int) -> None:
        name = f"r{number + 1}"
        environment = os.environ | {
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self._epmd),
            "RABBITMQ_NODENAME": f"{name}@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution[number]),
            "RABBITMQ_CONFIG_FILE": str(self.folder / f"{name}.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(SHIPPED / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
        }
        self._run(node, [self._program], env=environment)


def free_ports(count: int) -> list[int]:
    """Ports that nobody has, below those that the kernel hands out: a node may need half a minute before it binds."""
    free: list[int] = []
    while len(free) < count:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            free.append(port)
    return free


def _changed(name: str, places: dict[str, Any]) -> str:
    """A shipped file with other places; each must be in it, else the test would run something else."""
    text = (SHIPPED / name).read_text()
    for ours, theirs in places.items():
        assert ours in text, f"{name} does not say {ours!r}"
        text = text.replace(ours, str(theirs))
    return text


def _rules(kind: str, stores: tuple[str, ...]) -> str:
    return subprocess.run(
        [sys.executable, SHIPPED / "stores.py", kind, *stores], check=True, capture_output=True, text=True
    ).stdout


def find_rabbitmq() -> Path:
    """The server's own script, not Debian's wrapper around it, which wants to be another user. Raises NoBroker."""
    script = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    if not script.exists() or not shutil.which("epmd"):
        raise NoBroker("no RabbitMQ here: provisioning/setup.sh soak, or apt install rabbitmq-server")
    return script
