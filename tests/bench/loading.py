"""Loading of manifests: `load_documents` against PyYAML's CSafeLoader on the same files."""

import statistics
import time
from collections.abc import Callable

import yaml

from propolis.lang.quiet_gc import quiet_gc
from propolis.lang.yaml import load_documents

MANIFESTS = 10_000
ROUNDS = 3

_DEPLOYMENT = """\
# Generated workload {number}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
  namespace: team-{team}
  labels:
    app: app-{number}
    app.kubernetes.io/part-of: "shop"
  annotations:
    description: 'Serves part {number} of the shop: orders, carts and mail'
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app: app-{number}
  template:
    metadata:
      labels:
        app: app-{number}
    spec:
      serviceAccountName: app-{number}
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
      - name: main
        image: registry.example/shop/app-{number}:1.{team}.3
        args: ["--listen=:8080", "--team={team}"]
        ports:
        - containerPort: 8080
          protocol: TCP
        env:
        - name: LOG_LEVEL
          value: "info"
        - name: GREETING
          value: |
            Hello from {number}
            and welcome
        resources:
          requests: {{cpu: 100m, memory: 128Mi}}
          limits:
            memory: 256Mi
        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop: [ALL]
          readOnlyRootFilesystem: true
        livenessProbe:
          httpGet:
            path: /healthz
            port: 8080
          periodSeconds: 10
      volumes:
      - name: tmp
        emptyDir: {{}}
"""
_SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: app-{number}
  namespace: team-{team}
spec:
  selector:
    app: app-{number}
  ports:
  - name: http
    port: 80
    targetPort: 8080
"""
_CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: app-{number}
  namespace: team-{team}
data:
  enabled: "yes"
  settings.ini: |
    [main]
    workers = {replicas}
    path=/var/lib/app
"""
_DOUBTFUL = """\
apiVersion: v1
kind: Pod
metadata:
  name: app-{number}
  namespace: team-{team}
spec:
  containers:
  - name: main
    image: registry.example/shop/job:1
  volumes:
  - name: settings
    configMap: {{name: app-{number}, defaultMode: 0644}}
"""
_KINDS = (*(_DEPLOYMENT, _DEPLOYMENT, _SERVICE, _CONFIG) * 6, _DOUBTFUL)


def manifests(count: int = MANIFESTS) -> list[bytes]:
    """Files of one document each: two Deployments to a Service and a ConfigMap; always the same.

    One file in 25 has an octal number, which only the reference loader reads.
    """
    return [
        _KINDS[number % len(_KINDS)].format(number=number, team=number % 20, replicas=1 + number % 5).encode()
        for number in range(count)
    ]


def run() -> list[str]:
    """Both loaders on the same files, the collector at rest for both; the median of some rounds."""
    files = manifests()
    with quiet_gc():
        reference = _seconds(lambda: [yaml.load(file, yaml.CSafeLoader) for file in files])
        ours = _seconds(lambda: [load_documents(file) for file in files])
    megabytes = sum(map(len, files)) / 1e6
    ratio = f"{reference / ours:.1f}x PyYAML's CSafeLoader"
    rates = f"{len(files) / ours:,.0f} against {len(files) / reference:,.0f} a second"
    return [f"loading {len(files):,} manifests, {megabytes:.1f} MB: {ratio} ({rates})"]


def _seconds(load: Callable[[], object]) -> float:
    """The median time of a load."""
    return statistics.median(_once(load) for _ in range(ROUNDS))


def _once(load: Callable[[], object]) -> float:
    start = time.perf_counter()
    load()
    return time.perf_counter() - start
