"""What a control plane reads when it starts: certificates, keys, kubeconfigs, an audit policy."""

import base64
import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from propolis.cluster.authority import Identity, KeyPair, issue, make_authority

LASTING = timedelta(days=3650)
HOSTS = (
    "127.0.0.1",
    "10.96.0.1",
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
)
ADMIN = Identity("admin", ["system:masters"])
CONTROLLERS = Identity("system:kube-controller-manager")
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "users": ["system:apiserver", "system:kube-controller-manager"]},
        {"level": "Metadata"},
    ],
}


class Files:
    """Writes into one folder, for one address of the API server."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        self._server = server
        self._now = datetime.now(UTC)  # noqa: TID251  # a test's certificates begin now
        self._authority = make_authority("kubernetes-ca", self._now, LASTING)
        self._front = make_authority("front-proxy-ca", self._now, LASTING)

    def write(self) -> None:
        """All of it."""
        self._pair("ca", self._authority)
        self._pair("front-ca", self._front)
        self._pair("apiserver", self._issued(Identity("kube-apiserver", hosts=HOSTS)))
        front = issue(self._front, Identity("front-proxy-client"), self._now, LASTING)
        self._pair("front-client", front)
        self._service_account_key()
        self.kubeconfig("admin", ADMIN)
        self.kubeconfig("controllers", CONTROLLERS)
        self._text("audit-policy.json", json.dumps(AUDIT_POLICY))
        self._text("encryption.json", json.dumps(self._encryption()))

    def _encryption(self) -> dict[str, Any]:
        """Secrets are encrypted at rest, with a key of this control plane alone."""
        key = {"name": "first", "secret": base64.b64encode(secrets.token_bytes(32)).decode()}
        providers = [{"secretbox": {"keys": [key]}}, {"identity": {}}]
        return {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [{"resources": ["secrets"], "providers": providers}],
        }

    def kubeconfig(self, name: str, identity: Identity) -> Path:
        """A kubeconfig of a user with a certificate."""
        pair = self._issued(identity)
        user = {
            "client-certificate-data": base64.b64encode(pair.certificate).decode(),
            "client-key-data": base64.b64encode(pair.key).decode(),
        }
        authority = base64.b64encode(self._authority.certificate).decode()
        cluster = {"server": self._server, "certificate-authority-data": authority}
        document: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "loopback",
            "clusters": [{"name": "loopback", "cluster": cluster}],
            "users": [{"name": identity.name, "user": user}],
            "contexts": [{"name": "loopback", "context": {"cluster": "loopback", "user": identity.name}}],
        }
        return self._text(f"{name}.kubeconfig", json.dumps(document))

    def _issued(self, identity: Identity) -> KeyPair:
        return issue(self._authority, identity, self._now, LASTING)

    def _service_account_key(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = serialization.Encoding.PEM
        private = key.private_bytes(
            pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
        self._text("service-accounts.key", private.decode())
        self._text("service-accounts.pub", public.decode())

    def _pair(self, name: str, pair: KeyPair) -> None:
        self._text(f"{name}.crt", pair.certificate.decode())
        self._text(f"{name}.key", pair.key.decode())

    def _text(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path
