"""Pushes artifacts with the Python library oras, reads them back, and takes them away again.

Arguments: HOST:PORT, user, password, an empty folder. The last line printed is JSON with what was found.
"""

import hashlib
import json
import os
import sys

import oras.client

host, user, password, folder = sys.argv[1:]


def signed_in(backend):
    client = oras.client.OrasClient(hostname=host, insecure=True, auth_backend=backend)
    client.login(username=user, password=password, hostname=host, config_path=os.path.join(folder, "auth.json"))
    return client


# The library keeps its first token for everything, and looks before it pushes: its token opens no more than reading.
# So it pushes with a password, and reads with a token.
client, reader = signed_in("basic"), signed_in("token")

os.makedirs(os.path.join(folder, "out"))
os.chdir(folder)
contents = {"report.txt": b"all is well\n", "large.bin": bytes(range(256)) * 20_000}
for name, content in contents.items():
    with open(name, "wb") as file:
        file.write(content)


def sha256(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def push(tag, **further):
    answer = client.push(target=f"{host}/team/artifact:{tag}", files=list(contents), quiet=True, **further)
    answer.raise_for_status()
    return answer.headers["docker-content-digest"]


whole = push("whole", manifest_annotations={"org.example.kind": "whole"})
chunked = push("chunked", do_chunked=True, chunk_size=1_000_000)

tags = sorted(reader.get_tags(f"{host}/team/artifact"))
assert tags == ["chunked", "whole"], tags

manifest = reader.get_manifest(f"{host}/team/artifact:whole")
assert manifest["annotations"]["org.example.kind"] == "whole"
assert [layer["digest"] for layer in manifest["layers"]] == [sha256(content) for content in contents.values()]

for tag in tags:
    out = os.path.join("out", tag)
    pulled = reader.pull(target=f"{host}/team/artifact:{tag}", outdir=out)
    assert len(pulled) == len(contents), pulled
    for name, content in contents.items():
        with open(os.path.join(out, name), "rb") as file:
            assert file.read() == content, f"{name} of {tag} came back as something else"

container = reader.get_container(f"{host}/team/artifact:whole")
layer = manifest["layers"][1]
assert reader.blob_exists(layer, container)
blob = reader.download_blob(container, layer["digest"], "again.bin")
with open(blob, "rb") as file:
    assert sha256(file.read()) == layer["digest"]

assert client.delete_tag(f"{host}/team/artifact", "chunked")
assert client.get_tags(f"{host}/team/artifact") == ["whole"]
print(json.dumps({"whole": whole, "chunked": chunked}))
