"""The whole portal on this machine: servers, data, accounts, web, worker and beat; watched until somebody stops it."""

from __future__ import annotations

import contextlib
import http.client
import socket
import sys
import time

from changzhi_eco.embedded.clusters import PROJECT, Cluster
from changzhi_eco.embedded.processes import Environment, Failure, Service, Stopped, pause, say

HOST = "127.0.0.1"
#: Seconds until the portal must have answered, and the longest pause before a program is started again.
START_LIMIT = 60
LONGEST_PAUSE = 30

BEAT = "celery --app=changzhi_eco beat --pidfile="
WORKER = (
    "celery --app=changzhi_eco worker --concurrency=2 --hostname=demo@%h "
    "--without-gossip --without-mingle --loglevel=INFO"
)
# Threads, for a browser opens spare connections that would each hold a whole sync worker.
WEB = (
    "gunicorn changzhi_eco.wsgi --workers=2 --threads=8 --timeout=30 --max-requests=2000 --max-requests-jitter=200 "
    "--access-logfile=- --no-control-socket"
)

GREETING = """
长治市生态治理调度平台 · 演示已启动
地址：{url}

{accounts}
可以试试：
  1. 用 clerk-shangdang 登录，在“进度填报”填一期进度并报送；
  2. 换 reviewer-shangdang、verifier 依次通过，再看总览里 70,897.71 亩旁的核定值；
  3. 点任一数字看它的依据；或用令牌取数：
     curl -H 'Authorization: Token 令牌' {url}api/v1/status/summary/
  4. 另开终端：make demo-data 生成演示进度，make demo-data-remove 撤掉。
数据留在 {folder}，再次启动不会重复也不会丢失。按 Ctrl-C 停止。

The portal runs at {url} with the accounts above. Ctrl-C stops it; the data stay in {folder}.
"""


def demonstrate(port: int) -> int:
    """Serve the portal until Ctrl-C; raises Failure when it cannot start."""
    cluster = Cluster("demo")
    if not cluster.enter():
        where = cluster.environment.get("PORTAL_URL", cluster.folder)
        raise Failure(f"演示已在运行：{where}\nThe demonstration is already running: {where}")
    try:
        _serve(cluster, port)
    except Stopped:
        say("\n正在停止……  Stopping …")
    finally:
        cluster.close()
    say("已停止。 Stopped.")
    return 0


def _serve(cluster: Cluster, port: int) -> None:
    refuse_taken(port)
    say("正在启动 PostgreSQL 和 Redis，准备数据……  Starting the servers, preparing the data …")
    cluster.serve()
    cluster.environment["PORTAL_URL"] = url = f"http://{HOST}:{port}/"
    accounts = _prepare(cluster)
    for service in _services(cluster, port):
        cluster.start(service)
    _await_page(cluster.services[-1], port)
    cluster.announce()
    say(GREETING.format(url=url, accounts=accounts, folder=cluster.folder.relative_to(PROJECT)))
    _watch(cluster)


def refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Failure(
                f"端口 {port} 不能使用（{error.strerror}），请换一个：make demo PORT={port + 1}\n"
                f"Port {port} cannot be used; take another one: make demo PORT={port + 1}"
            ) from error


def _prepare(cluster: Cluster) -> str:
    """Migrate, load and make the accounts as the owner; returns what the commands had to say."""
    environment = {**cluster.environment, "DB_ROLE": "owner"}
    log = cluster.logs / "prepare.log"
    log.unlink(missing_ok=True)
    command = [sys.executable, "manage.py", "prepare_demo", "--accounts"]
    preparation = Service("prepare", command, log, environment, folder=PROJECT)
    cluster.start(preparation)
    while not preparation.has_died:
        pause(0.05)
    cluster.services.remove(preparation)
    if preparation.process.returncode:
        raise Failure(f"数据准备失败。\nThe data could not be prepared:\n{preparation.tail(40)}")
    return log.read_text(encoding="utf-8")


def _services(cluster: Cluster, port: int) -> list[Service]:
    """What is started in this order, and stopped in the other."""

    def service(name: str, command: str, *options: str, **more: str) -> Service:
        environment: Environment = {**cluster.environment, **more}
        python = [sys.executable, "-m", *command.split(), *options]
        return Service(name, python, cluster.logs / f"{name}.log", environment, folder=PROJECT)

    return [
        service("beat", BEAT, f"--schedule={cluster.folder / 'beat-schedule'}"),
        service("worker", WORKER, STATEMENT_TIMEOUT="60s"),
        service("web", WEB, f"--bind={HOST}:{port}"),
    ]


def _await_page(web: Service, port: int) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and not web.has_died:
        with contextlib.suppress(OSError):
            if _status(port) < http.client.INTERNAL_SERVER_ERROR:
                return
        pause(0.05)
    raise Failure(f"网页未能启动。\nThe web did not come up:\n{web.tail()}")


def _status(port: int) -> int:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


def _watch(cluster: Cluster) -> None:
    """Report whoever dies and start it again, later and later if it keeps dying; ends by raising Stopped."""
    deaths = dict.fromkeys((service.name for service in cluster.services), 0)
    while True:
        pause(0.5)
        for service in cluster.services:
            if service.has_died:
                deaths[service.name] += 1
                wait = min(2 ** (deaths[service.name] - 1), LONGEST_PAUSE)
                say(f"{service.name} 意外退出，{wait} 秒后重启。 {service.name} died, restarting:\n{service.tail()}")
                pause(wait)
                cluster.restart(service)
