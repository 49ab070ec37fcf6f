"""The checks that `make` runs on what was built: they go red for the faults that they are there for."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ops import built_handlers, sam_local
from ops.container_relay import relay

BUILT = """
Globals: {Function: {Handler: handler.handler, Layers: [{Ref: Layer}], Environment: {Variables: {STAGE: dev}}}}
Resources:
  Layer: {Type: "AWS::Serverless::LayerVersion", Properties: {ContentUri: Layer}}
  OneFunction: {Type: "AWS::Serverless::Function", Properties: {CodeUri: OneFunction}}
"""


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "OneFunction").mkdir()
    (tmp_path / "Layer" / "python").mkdir(parents=True)
    (tmp_path / "Layer" / "python" / "of_the_layer.py").touch()
    (tmp_path / "template.yaml").write_text(BUILT)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [
        ("import of_the_layer\ndef handler(event, context): ...", 0, "OneFunction: imported in"),
        ("import pytest\ndef handler(event, context): ...", 1, "No module named 'pytest'"),
        ("import boto3\ndef handler(event, context): ...", 1, "No module named 'boto3'"),
        ("import os\nos.environ['STAGE']\ndef handler(event, context): ...", 1, "KeyError: 'STAGE'"),
        (
            "import os\nif 'STAGE' in os.environ: import left_out\ndef handler(event, context): ...",
            1,
            "No module named 'left_out'",
        ),
        ("handler = None", 1, "handler.handler is not a function"),
    ],
)
def test_a_built_handler_must_load_with_its_folder_and_its_layer_alone(
    build: Path, source: str, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (build / "OneFunction" / "handler.py").write_text(source)
    assert built_handlers.main([str(build)]) == status
    assert said in "".join(capsys.readouterr())


def test_where_no_docker_engine_answers_sam_local_says_so_with_status_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert sam_local.main([]) == 3
    assert capsys.readouterr().err == "sam-local: no Docker engine answers: start one, or name it in DOCKER_HOST\n"


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux has the whole of 127/8 for loopback, and needs the relay"
)
def test_the_relay_passes_on_to_the_same_port_of_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(target=_shout_back, args=(server,), daemon=True).start()
        with relay("127.0.0.2", [port]), socket.create_connection(("127.0.0.2", port), timeout=5) as client:
            client.sendall(b"hello" * 50_000)
            client.shutdown(socket.SHUT_WR)
            received = b"".join(iter(lambda: client.recv(65_536), b""))
    assert received == b"HELLO" * 50_000


def _shout_back(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"".join(iter(lambda: connection.recv(65_536), b"")).upper())


@pytest.mark.slow
def test_the_emulated_aws_runs_alone_until_it_is_stopped() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "ops.cli", "aws", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        assert process.stdout is not None
        assert process.stdout.readline() == f"bigcharge aws: ready at http://127.0.0.1:{port}\n"
        again = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 - the same
        assert again.returncode == 2
        assert f"port {port} of 127.0.0.1 cannot be taken" in again.stderr
        process.terminate()
        assert process.wait(10) == 0
