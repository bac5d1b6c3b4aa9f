"""TLS: protocols, certificates, clients' certificates, changes while the server runs, and where one may listen without."""

from __future__ import annotations

import http.client
import json
import os
import pathlib
import socket
import ssl
import subprocess
import threading
import urllib.parse

import boto3
import botocore.config
import botocore.exceptions
import pytest

from support.certificates import Certificates, openssl
from support.endpoint import Server
from support.expect import eventually
from support.frames import Http2, connect
from support.own import Own, environment, refusal

pytestmark = pytest.mark.only("stator", "about our own server")

ROOT, SECRET = "AKIAROOTROOTROOTROOT", "a secret of the root user"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    made.make("server")
    made.make("second")
    made.make("client")
    made.make("stranger", ca="other-ca")
    return made


@pytest.fixture
def start(pytestconfig):
    """start("--option", …) is a running server of our own."""
    if pytestconfig.getoption("--url"):
        pytest.skip("needs a server of its own")
    servers = []

    def run(*options: str, data_dir: str | None = None) -> Server:
        server = Server(pytestconfig.getoption("--binary"), pytestconfig.getoption("--shards"), options, data_dir)
        servers.append(server)
        server.wait_ready()
        return server

    yield run
    for server in servers:
        if server.process.poll() is None:
            assert server.stop() == 0, "".join(server.tail)


@pytest.fixture
def server(start, certificates):
    return start(*certificates.options("server"))


def trusting(certificates, client: str | None = None, ca: str = "ca.crt") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificates.path(ca))
    if client is not None:
        context.load_cert_chain(certificates.path(f"{client}.crt"), certificates.path(f"{client}.key"))
    return context


def sdk(url: str, certificates, key=("AKIAIOSFODNN7EXAMPLE", "secret"), **settings):
    return boto3.client(
        "dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key[0], aws_secret_access_key=key[1],
        verify=certificates.path("ca.crt"), config=botocore.config.Config(retries={"total_max_attempts": 1}, **settings),
    )


def make_table(client, name: str = "tls") -> None:
    client.create_table(
        TableName=name, KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )


class Browser:
    """A kept HTTP/1.1 connection."""

    def __init__(self, url: str, context: ssl.SSLContext):
        at = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPSConnection(at.hostname, at.port, context=context, timeout=30)
        self.connection.connect()
        self.local = self.connection.sock.getsockname()

    def get(self, path: str = "/") -> bytes:
        self.connection.request("GET", path)
        reply = self.connection.getresponse()
        assert reply.status == 200
        assert self.connection.sock.getsockname() == self.local, "another connection"
        return reply.read()

    @property
    def serial(self) -> int:
        return int(self.connection.sock.getpeercert()["serialNumber"], 16)


def log_has(server: Server, text: str) -> None:
    eventually(lambda: "".join(server.tail), lambda log: text in log)


# --- speaking ----------------------------------------------------------------------------------------------------------


def test_sdk(server, certificates):
    client = sdk(server.url, certificates)
    make_table(client)
    item = {"pk": {"S": "a"}, "text": {"S": "x" * 300000}}
    client.put_item(TableName="tls", Item=item)
    assert client.get_item(TableName="tls", Key={"pk": {"S": "a"}})["Item"] == item
    assert client.scan(TableName="tls")["Items"] == [item]


def test_sdk_refuses_an_unknown_authority(server, certificates):
    stranger = boto3.client(
        "dynamodb", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
        verify=certificates.path("other-ca.crt"), config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(botocore.exceptions.SSLError):
        stranger.list_tables()


@pytest.mark.parametrize("version, good", [("TLSv1", False), ("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_versions(server, certificates, version, good):
    context = trusting(certificates)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = context.minimum_version = getattr(ssl.TLSVersion, version)
    if not good:
        context.set_ciphers("ALL:@SECLEVEL=0")  # else our own library refuses first
        with pytest.raises(ssl.SSLError, match="(?i)alert protocol version"):
            connect(server.url, context)
        return
    with connect(server.url, context) as stream:
        assert stream.version() == version.replace("_", ".")
        assert stream.compression() is None


@pytest.mark.parametrize("ciphers, good", [
    ("ECDHE-ECDSA-AES128-GCM-SHA256", True), ("ECDHE-ECDSA-CHACHA20-POLY1305", True),
    ("ECDHE-ECDSA-AES128-SHA", False), ("ECDHE-ECDSA-AES128-SHA256", False), ("AES128-GCM-SHA256", False),
    ("DHE-RSA-AES128-GCM-SHA256", False), ("ALL:!ECDHE", False), ("NULL", False),
])
def test_ciphers_of_tls_1_2(server, certificates, ciphers, good):
    context = trusting(certificates)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers + ":@SECLEVEL=0")
    if good:
        with connect(server.url, context) as stream:
            assert stream.cipher()[0] == ciphers
    else:
        with pytest.raises(ssl.SSLError, match="(?i)handshake failure"):
            connect(server.url, context)


def test_no_renegotiation(server, certificates):
    at = urllib.parse.urlsplit(server.url).netloc
    done = subprocess.run(
        ["openssl", "s_client", "-connect", at, "-CAfile", certificates.path("ca.crt"), "-tls1_2"], input="R\n",
        capture_output=True, text=True, timeout=60,
    )
    assert "RENEGOTIATING" in done.stdout + done.stderr
    assert done.returncode != 0, "the server ends the connection"


@pytest.mark.parametrize("offer, chosen", [
    (["h2", "http/1.1"], "h2"), (["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"), (["h3"], None), ([], None),
])
def test_protocol_is_agreed_on(server, certificates, offer, chosen):
    context = trusting(certificates)
    if offer:
        context.set_alpn_protocols(offer)
    with connect(server.url, context) as stream:
        assert stream.selected_alpn_protocol() == chosen
        if chosen != "h2":
            stream.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert stream.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_plain_http_is_not_answered(server):
    at = urllib.parse.urlsplit(server.url)
    with socket.create_connection((at.hostname, at.port), timeout=30) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP" not in plain.recv(1000)


def test_http2_needs_tls(start):
    plain = start()
    at = urllib.parse.urlsplit(plain.url)
    with socket.create_connection((at.hostname, at.port), timeout=30) as stream:
        stream.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert stream.recv(1000).startswith(b"HTTP/1.1 400 ")
    with socket.create_connection((at.hostname, at.port), timeout=30) as stream:
        stream.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                       b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
        assert stream.recv(1000).startswith(b"HTTP/1.1 200 ")


# --- clients' certificates ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_client_certificates(start, certificates, version):
    server = start(*certificates.options("server"), "--tls-client-ca", certificates.path("ca.crt"))

    def attempt(client):
        context = trusting(certificates, client)
        context.maximum_version = context.minimum_version = getattr(ssl.TLSVersion, version)
        with connect(server.url, context) as stream:
            stream.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return stream.recv(100), stream.session_reused

    for _ in range(2):
        answer, reused = attempt("client")
        assert answer.startswith(b"HTTP/1.1 200 ") and not reused
    with pytest.raises(ssl.SSLError, match="(?i)certificate required" if version == "TLSv1_3" else "(?i)handshake failure"):
        attempt(None)
    with pytest.raises(ssl.SSLError, match="(?i)unknown ca"):
        attempt("stranger")
    assert sdk(server.url, certificates, client_cert=(certificates.path("client.crt"), certificates.path("client.key"))
               ).list_tables()["TableNames"] == []


# --- changes ------------------------------------------------------------------------------------------------------------


class Live:
    """Files that a server uses, which change."""

    def __init__(self, certificates, folder: pathlib.Path):
        self.certificates, self.folder = certificates, folder
        self.use("server")

    def use(self, name: str, key: str | None = None) -> None:
        for kind, source in (("crt", name), ("key", key or name)):
            new = self.folder / f"new.{kind}"
            new.write_bytes(pathlib.Path(self.certificates.path(f"{source}.{kind}")).read_bytes())
            new.chmod(0o600)
            new.replace(self.folder / f"live.{kind}")

    @property
    def options(self) -> tuple[str, ...]:
        return ("--tls-cert", str(self.folder / "live.crt"), "--tls-key", str(self.folder / "live.key"))


@pytest.fixture
def live(certificates, tmp_path):
    return Live(certificates, tmp_path)


def test_reload(start, certificates, live):
    server = start(*live.options)
    kept = Browser(server.url, trusting(certificates))
    with Http2(server.url, trusting(certificates)) as kept2:
        kept.get()
        assert kept.serial == certificates.serials["server"]
        kept2.wait(kept2.get())
        live.use("second")
        server.process.send_signal(1)
        log_has(server, "new connections get the certificate")
        kept.get()
        assert kept2.wait(kept2.get())[0].status == 200
        fresh = Browser(server.url, trusting(certificates))
        fresh.get()
        assert fresh.serial == certificates.serials["second"]
        assert kept.serial == certificates.serials["server"]


def test_reload_under_load(start, certificates, live):
    """Nobody notices: neither kept connections nor new ones."""
    server = start(*live.options, "--threads", "2")
    stop, failures, asked = threading.Event(), [], [0, 0]

    def ask(keep: bool, at: int):
        try:
            browser = Browser(server.url, trusting(certificates))
            while not stop.is_set():
                if not keep:
                    browser.connection.close()
                    browser = Browser(server.url, trusting(certificates))
                browser.get()
                asked[at] += 1
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=ask, args=(i % 2 == 0, i % 2)) for i in range(4)]
    for thread in threads:
        thread.start()
    for i in range(20):
        live.use("second" if i % 2 == 0 else "server")
        server.process.send_signal(1)
        before = list(asked)
        eventually(lambda: failures or (asked[0] > before[0] + 5 and asked[1] > before[1] + 5))
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("name", ["a key of another", "no certificate", "nothing", "readable by all"])
def test_a_bad_reload_changes_nothing(start, certificates, live, name):
    server = start(*live.options)
    certificate, key = live.folder / "live.crt", live.folder / "live.key"
    if name == "a key of another":
        live.use("server", key="second")
        expected = f"the key {key} does not belong to the certificate {certificate}"
    elif name == "no certificate":
        certificate.write_text("-----BEGIN CERTIFICATE-----\nnothing\n")
        expected = f"cannot read the certificate {certificate}: "
    elif name == "nothing":
        key.unlink()
        expected = f"cannot read the key {key}: No such file or directory"
    else:
        key.chmod(0o644)
        expected = f"everybody on this machine can read the key {key}"
    server.process.send_signal(1)
    log_has(server, "the certificate stays as it was: " + expected)
    browser = Browser(server.url, trusting(certificates))
    browser.get()
    assert browser.serial == certificates.serials["server"]
    live.use("second")
    server.process.send_signal(1)
    log_has(server, "new connections get")
    assert Browser(server.url, trusting(certificates)).serial == certificates.serials["second"]


def test_sessions_do_not_outlive_a_reload(start, certificates, live):
    server = start(*live.options)
    context = trusting(certificates)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # its tickets come with the handshake
    at = urllib.parse.urlsplit(server.url)

    def resume(session):
        with socket.create_connection((at.hostname, at.port), timeout=30) as plain:
            with context.wrap_socket(plain, server_hostname=at.hostname, session=session) as stream:
                return stream.session, stream.session_reused

    session, _ = resume(None)
    assert resume(session)[1]
    server.process.send_signal(1)
    log_has(server, "new connections get")
    assert not resume(session)[1]


def test_expiry_is_announced(start, certificates):
    certificates.make("short", days=3)
    server = start(*certificates.options("short"))
    log_has(server, "expires in ")
    assert "WARNING the certificate " + certificates.path("short.crt") + " (CN = short) expires in" in "".join(server.tail)


# --- starting -----------------------------------------------------------------------------------------------------------


def refused(pytestconfig, *arguments: str, **variables: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("STATOR_")}
    done = subprocess.run(
        [pytestconfig.getoption("--binary"), "serve", "--ephemeral", "--listen", "127.0.0.1:0", *arguments],
        env={**clean, **variables}, capture_output=True, text=True, timeout=30,
    )
    assert done.returncode in (1, 2)
    return done.stderr


def test_bad_files(pytestconfig, certificates, tmp_path):
    certificate, key = certificates.path("server.crt"), certificates.path("server.key")
    assert "--tls-cert needs --tls-key" in refused(pytestconfig, "--tls-cert", certificate)
    assert "--tls-key needs --tls-cert" in refused(pytestconfig, "--tls-key", key)
    assert "--tls-client-ca needs --tls-cert" in refused(pytestconfig, "--tls-client-ca", certificate)
    missing = str(tmp_path / "missing")
    assert f"cannot read the certificate {missing}: No such file" in refused(
        pytestconfig, "--tls-cert", missing, "--tls-key", key)
    assert f"cannot read the key {missing}: No such file" in refused(
        pytestconfig, "--tls-cert", certificate, "--tls-key", missing)
    assert f"cannot read the key {certificate}: " in refused_key(pytestconfig, certificate, certificate, tmp_path)
    assert "does not belong to the certificate" in refused(
        pytestconfig, "--tls-cert", certificate, "--tls-key", certificates.path("second.key"))
    locked = tmp_path / "locked.key"
    openssl("pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", str(locked), folder=tmp_path)
    locked.chmod(0o600)
    assert "has a passphrase" in refused(pytestconfig, "--tls-cert", certificate, "--tls-key", str(locked))
    empty = tmp_path / "empty"
    empty.touch()
    assert f"authorities in {empty}" in refused(
        pytestconfig, *certificates.options("server"), "--tls-client-ca", str(empty))


def refused_key(pytestconfig, certificate: str, key: str, folder: pathlib.Path) -> str:
    """A key file that only its owner can read, but no key."""
    copy = folder / "copy"
    copy.write_bytes(pathlib.Path(key).read_bytes())
    copy.chmod(0o600)
    return refused(pytestconfig, "--tls-cert", certificate, "--tls-key", str(copy)).replace(str(copy), key)


@pytest.mark.parametrize("mode, good", [(0o600, True), (0o640, True), (0o644, False), (0o602, False)])
def test_key_file_is_private(pytestconfig, start, certificates, tmp_path, mode, good):
    key = tmp_path / "key"
    key.write_bytes(pathlib.Path(certificates.path("server.key")).read_bytes())
    key.chmod(mode)
    options = ("--tls-cert", certificates.path("server.crt"), "--tls-key", str(key))
    if good:
        start(*options)
    else:
        assert f"everybody on this machine can read the key {key}; 'chmod o= {key}'" in refused(pytestconfig, *options)


def test_where_to_listen(pytestconfig, start, certificates):
    """Loopback: anything. Anywhere else: signatures, and TLS or --insecure."""
    root = {"STATOR_ROOT_ACCESS_KEY_ID": ROOT, "STATOR_ROOT_SECRET_ACCESS_KEY": SECRET}
    anywhere, tls, sigv4 = ("--listen", "0.0.0.0:0"), certificates.options("server"), ("--auth", "sigv4")
    for options in ((), tls, ("--insecure",), (*tls, "--insecure")):
        assert "that needs --auth sigv4" in refused(pytestconfig, *anywhere, *options, **root)
    assert "--tls-cert and --tls-key change that, --insecure allows it" in refused(pytestconfig, *anywhere, *sigv4, **root)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("STATOR_")}
    for options, scheme in ((tls, "https"), (("--insecure",), "http")):
        process = subprocess.Popen(
            [pytestconfig.getoption("--binary"), "serve", "--ephemeral", *anywhere, *sigv4, *options],
            env={**clean, **root}, stdout=subprocess.PIPE, text=True,
        )
        assert f"ready on {scheme}://0.0.0.0:" in process.stdout.readline()
        process.terminate()
        assert process.wait(30) == 0


# --- policies ------------------------------------------------------------------------------------------------------------


def test_secure_transport(pytestconfig, tmp_path, certificates):
    own = Own(pytestconfig, tmp_path)
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ]}
    (tmp_path / "policy").write_text(json.dumps(policy))
    key = own.user("add", "alice")
    own.try_user("policy", "put", "alice", "secure", str(tmp_path / "policy")).check_returncode()
    own.start(*certificates.options("server"))
    with environment(AWS_CA_BUNDLE=certificates.path("ca.crt")):
        assert refusal(own.client(key).list_tables) is None
    own.stop()
    own.start()
    assert refusal(own.client(key).list_tables)["Code"] == "AccessDeniedException"
    own.stop()
