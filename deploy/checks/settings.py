"""Whether plic-chat takes the settings that the files of deployment give it, and is left the time it has to stop.

settings.py BINARY COMPOSE, the latter as `docker-compose config` prints it.
"""

import pathlib
import re
import subprocess
import sys

import yaml

deploy = pathlib.Path(__file__).parent.parent
binary, compose = sys.argv[1:]


def check_config(origin: str, settings: dict[str, str]) -> None:
    """Fails unless `plic-chat check-config` takes the settings, and knows every one of them."""
    known = subprocess.run([binary, "serve", "--help"], capture_output=True, text=True, check=True, env={}).stdout
    unknown = [name for name in settings if f"[env: {name}" not in known]
    assert not unknown, f"{origin}: plic-chat knows no {unknown}"
    done = subprocess.run([binary, "check-config"], capture_output=True, text=True, env=settings)
    assert done.returncode == 0, f"{origin}: {done.stderr}"


def seconds(text: object) -> int:
    """The seconds of `30s` or `30`."""
    return int(re.fullmatch(r"(\d+)s?", str(text))[1])


def stops_in_time(origin: str, patience: int, settings: dict[str, str], before: int = 0) -> None:
    """Fails unless the server has ended by itself before it is killed."""
    needed = before + int(settings.get("PLIC_SHUTDOWN_SECONDS", "10"))
    assert patience > needed, f"{origin}: is killed after {patience} s, and may take {needed} s"


def manifest(name: str) -> dict:
    return yaml.safe_load((deploy / "kubernetes" / name).read_text())


for name, service in yaml.safe_load(pathlib.Path(compose).read_text())["services"].items():
    if name.startswith("node-"):
        check_config(name, service["environment"])
        stops_in_time(name, seconds(service["stop_grace_period"]), service["environment"])

settings = manifest("config.yaml")["data"] | manifest("secret.example.yaml")["stringData"]
check_config("kubernetes", settings)
pod = manifest("deployment.yaml")["spec"]["template"]["spec"]
(container,) = pod["containers"]
_, before = container["lifecycle"]["preStop"]["exec"]["command"]
stops_in_time("kubernetes", pod["terminationGracePeriodSeconds"], settings, int(before))
resources = manifest("kustomization.yaml")["resources"]
assert all((deploy / "kubernetes" / name).is_file() for name in resources), resources

unit = (deploy / "plic-chat.service").read_text()
given = dict(re.findall(r"^Environment=([A-Z_]+)=(.*)$", unit, re.MULTILINE))
check_config("plic-chat.service", given | {"SUPABASE_URL": "https://project.supabase.co"})
stops_in_time("plic-chat.service", seconds(re.search(r"^TimeoutStopSec=(.*)$", unit, re.MULTILINE)[1]), given)

image = (deploy / "Dockerfile").read_text()
given = dict(re.findall(r"([A-Z_]{5,})=(\S+)", image[image.index("ENV ") : image.index("EXPOSE")]))
check_config("Dockerfile", given | {"SUPABASE_URL": "https://project.supabase.co"})
