"""The main job on 10,000 manifests with the built-in pack: resources a second, memory, and a reference."""

import copy
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median

import yaml

from propolis.app.assess import assess
from propolis.app.engines import Engines
from propolis.core import clock
from propolis.core.inventory import Inventory
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.lang.quiet_gc import quiet_gc
from propolis.store.database import open_database

MANIFESTS = 10_000
ROUNDS = 3

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {app.kubernetes.io/name: web, team: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app.kubernetes.io/name: web}}
  template:
    metadata:
      labels: {app.kubernetes.io/name: web}
    spec:
      serviceAccountName: web
      securityContext: {runAsNonRoot: true}
      initContainers:
        - {name: migrate, image: "registry.example/shop/migrate:1.4", command: [migrate]}
      containers:
        - name: web
          image: registry.example/shop/web:2.1.0
          ports: [{name: http, containerPort: 8080}]
          env: [{name: MODE, value: production}, {name: LEVEL, value: info}]
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}
          readinessProbe: {httpGet: {path: /ready, port: http}}
        - name: proxy
          image: registry.example/base/proxy:latest
          ports: [{containerPort: 9090}]
      volumes: [{name: scratch, emptyDir: {}}]
"""


OTHERS = """
{apiVersion: v1, kind: Service, metadata: {name: web, labels: {team: shop}},
 spec: {selector: {app.kubernetes.io/name: web}, ports: [{port: 80, targetPort: http}]}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {mode: production, app.ini: size=3}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web}, automountServiceAccountToken: false}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web},
 spec: {tls: [{hosts: [shop.example]}], rules: [{host: shop.example, http: {paths: [
  {path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}}]}}
"""


def mixed(number: int) -> list[Resource]:
    """Applications of five manifests: Deployment, Service, ConfigMap, ServiceAccount, Ingress."""
    made = manifests(number // 5)
    for document in yaml.load_all(OTHERS, yaml.CSafeLoader):
        made += [_named(document, index) for index in range(number // 5)]
    return made


def _named(document: Document, index: int) -> Resource:
    one = copy.deepcopy(document)
    one["metadata"] |= {"name": f"web-{index}", "namespace": f"shop-{index % 100}"}
    return Resource(reference_of(one, "bench"), one, Origin("bench.yaml", index))


def manifests(number: int) -> list[Resource]:
    """Deployments in a hundred namespaces, each a document of its own."""
    document: Document = yaml.load(DEPLOYMENT, yaml.CSafeLoader)
    return [_named(document, index) for index in range(number)]


def run() -> list[str]:
    """Evaluation alone and the whole job, against a deep copy of the same documents."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure).result()


def measure() -> list[str]:
    """The lines, in a process of its own so that its peak memory is that of the job."""
    engines = Engines.load()
    lines = [_rate("Deployments of three containers", Inventory(manifests(MANIFESTS)), engines)]
    inventory = Inventory(mixed(MANIFESTS))
    lines.append(_rate("whole applications, a fifth Deployments", inventory, engines))
    evaluating = _seconds(lambda: _evaluate(engines, inventory))
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder) / "store.db")
        whole = _seconds(lambda: assess(database, "bench", [], inventory, [], engines))
        again = _seconds(lambda: assess(database, "bench", [], inventory, [], engines))
    peak = getrusage(RUSAGE_SELF).ru_maxrss // 1024
    return [
        *lines,
        f"assess into an empty store: {MANIFESTS / whole:,.0f}/s, {whole / evaluating:.2f}x evaluation alone",
        f"assess again: {MANIFESTS / again:,.0f}/s, {again / evaluating:.2f}x evaluation alone",
        f"peak memory of the process: {peak} MB",
    ]


def _rate(what: str, inventory: Inventory, engines: Engines) -> str:
    with quiet_gc():
        copying = median(_seconds(lambda: _copy_each(inventory)) for _ in range(ROUNDS))
        evaluating = median(_seconds(lambda: _evaluate(engines, inventory)) for _ in range(ROUNDS))
    rate = f"{len(inventory) / evaluating:,.0f} resources/s"
    return f"evaluation of {what}: {rate}, {evaluating / copying:.2f}x copy.deepcopy of the documents"


def _copy_each(inventory: Inventory) -> None:
    for one in inventory:
        copy.deepcopy(one.document)


def _evaluate(engines: Engines, inventory: Inventory) -> None:
    for _ in engines.evaluate(inventory, clock.now()):
        pass


def _seconds(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start
