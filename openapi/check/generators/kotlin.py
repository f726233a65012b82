"""Looks for models that the generated Kotlin names and does not have: `kotlin.py <folder of the client>`."""

import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1]) / "src/main/kotlin/org/openapitools/client"
models = {path.stem for path in (source / "models").glob("*.kt")}
assert models, f"no models in {source}"
named = set()
for path in [*(source / "models").glob("*.kt"), *(source / "apis").glob("*.kt")]:
    named |= set(re.findall(r"import org\.openapitools\.client\.models\.(\w+)", path.read_text()))
missing = sorted(named - models)
assert not missing, f"Kotlin names models that do not exist: {missing}"
print(f"kotlin: ok, {len(models)} models")
