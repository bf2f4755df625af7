"""The TLS side of an access: whom to trust, and which certificate to show."""

import base64
import binascii
import ssl
import tempfile
from pathlib import Path

from propolis.cluster.exec_plugin import ExecCredential
from propolis.cluster.kubeconfig import Access
from propolis.core.errors import DocumentError, Place


def tls_context(access: Access, given: ExecCredential) -> ssl.SSLContext:
    """The context of a connection.

    Raises:
        DocumentError: A certificate or key is damaged or not there.
    """
    cluster, user = access.cluster, access.user
    authority = _pem("certificate-authority-data", cluster.certificate_authority_data)
    try:
        context = ssl.create_default_context(
            cadata=authority or None, cafile=None if authority else cluster.certificate_authority or None
        )
    except (OSError, ValueError) as error:
        raise _wrong("the certificate authority", cluster.certificate_authority, error) from error
    if cluster.insecure_skip_tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if given.client_certificate_data:
        _show(context, given.client_certificate_data, given.client_key_data)
    elif user.client_certificate_data or user.client_certificate:
        certificate = _text_of("client-certificate", user.client_certificate_data, user.client_certificate)
        key = _text_of("client-key", user.client_key_data, user.client_key)
        _show(context, certificate, key)
    return context


def _text_of(field: str, data: str, path: str) -> str:
    """A certificate or key from its data, else from its file."""
    if data:
        return _pem(f"{field}-data", data)
    if not path:
        raise DocumentError(f"the user has no {field}", expected=f"{field} or {field}-data")
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise _wrong(f"the {field}", path, error) from error


def _pem(field: str, data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode("ascii")
    except (binascii.Error, UnicodeError) as error:
        raise DocumentError(
            f"{field} of the kubeconfig is no base64 of a PEM text", expected="such a text"
        ) from error


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Loads a client's certificate; ssl takes it from files alone, so it is in one for a moment."""
    with tempfile.TemporaryDirectory() as folder:  # only its owner may enter
        pem = Path(folder, "client.pem")
        pem.touch(mode=0o600)
        pem.write_text(f"{certificate}\n{key}\n", encoding="ascii")
        try:
            context.load_cert_chain(pem, password=_refuse_password)
        except (OSError, ValueError) as error:
            raise _wrong("the client's certificate or key", "", error) from error


def _refuse_password() -> str:
    raise ValueError("the key is encrypted")


def _wrong(what: str, path: str, error: Exception) -> DocumentError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return DocumentError(f"{what} cannot be used: {reason}", Place(path), "a PEM file")
