"""Runs every public operation of Azure's own library for registries.

Arguments: the server's address, its tenant, user, password, and the certificate of its authority. The credential asks
the server's own sign-in endpoint. The last line printed is JSON: which operations were called.
"""

import hashlib
import io
import json
import sys
import time

import requests
from azure.containerregistry import ArtifactManifestOrder, ArtifactTagOrder, ContainerRegistryClient
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

url, tenant, user, password, authority = sys.argv[1:]


class SignIn:
    """Signs in with a password, as a person would in a browser."""

    def get_token(self, *scopes, **_):
        form = {"grant_type": "password", "username": user, "password": password, "scope": " ".join(scopes)}
        answer = requests.post(f"{url}/{tenant}/oauth2/v2.0/token", data=form, verify=authority, timeout=30)
        answer.raise_for_status()
        answer = answer.json()
        return AccessToken(answer["access_token"], int(time.time()) + answer["expires_in"])


class Recorder:
    """Remembers which operations were called."""

    def __init__(self, client):
        self.client, self.called = client, set()

    def __getattr__(self, name):
        self.called.add(name)
        return getattr(self.client, name)


def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("that should have been refused")


def sha256(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


library = ContainerRegistryClient(url, SignIn(), connection_verify=authority)
client = Recorder(library)
repository = "team/sdk"

# Blobs: one that is larger than a chunk of the library, which is 4 MiB.
config, layer = b'{"architecture":"amd64","os":"linux"}', bytes(range(251)) * 40_000
descriptors = []
for content in (config, layer):
    digest, size = client.upload_blob(repository, io.BytesIO(content))
    assert (digest, size) == (sha256(content), len(content)), (digest, size)
    assert b"".join(client.download_blob(repository, digest)) == content
    descriptors.append({"digest": digest, "size": size})
assert len(layer) > 2 * 4 * 1024 * 1024

# Manifests: by tag and by digest, as a document and as bytes.
manifest = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **descriptors[0]},
    "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **descriptors[1]}],
}
first = client.set_manifest(repository, manifest, tag="v1")
other = json.dumps({**manifest, "annotations": {"number": "two"}}).encode()
second = client.set_manifest(repository, io.BytesIO(other), tag="v2")
third = client.set_manifest(repository, {**manifest, "annotations": {"number": "three"}})
assert second == sha256(other)
for reference, digest in (("v1", first), (second, second), (third, third)):
    got = client.get_manifest(repository, reference)
    assert (got.digest, got.media_type) == (digest, manifest["mediaType"])
    assert got.manifest["config"] == manifest["config"]

# Lists.
assert repository in list(client.list_repository_names())
names = [tag.name for tag in client.list_tag_properties(repository, results_per_page=1)]
assert names == ["v1", "v2"], names
newest = client.list_tag_properties(repository, order_by=ArtifactTagOrder.LAST_UPDATED_ON_DESCENDING)
assert [tag.name for tag in newest] == ["v2", "v1"]
oldest = client.list_manifest_properties(repository, order_by=ArtifactManifestOrder.LAST_UPDATED_ON_ASCENDING)
assert [entry.digest for entry in oldest] == [first, second, third]
paged = {entry.digest for entry in client.list_manifest_properties(repository, results_per_page=1)}
assert paged == {first, second, third}

# Properties, read and changed, with and without keywords.
about = client.get_repository_properties(repository)
assert (about.name, about.manifest_count, about.tag_count) == (repository, 3, 2)
tag = client.get_tag_properties(repository, "v1")
assert (tag.name, tag.digest, tag.can_write) == ("v1", first, True)
entry = client.get_manifest_properties(repository, "v1")
assert (entry.digest, entry.tags, entry.architecture, entry.operating_system) == (first, ["v1"], "amd64", "linux")
tag.can_write = False
assert client.update_tag_properties(repository, "v1", tag).can_write is False
refused(HttpResponseError, lambda: client.set_manifest(repository, io.BytesIO(other), tag="v1"))
assert client.update_tag_properties(repository, "v1", can_write=True).can_write is True
assert client.update_manifest_properties(repository, second, can_delete=False).can_delete is False
refused(HttpResponseError, lambda: client.delete_manifest(repository, second))
assert client.update_manifest_properties(repository, second, can_delete=True).can_delete is True
assert client.update_repository_properties(repository, can_delete=False).can_delete is False
refused(HttpResponseError, lambda: client.delete_repository(repository))
assert client.update_repository_properties(repository, can_delete=True).can_delete is True

# Away, one after the other. What is gone already is no error to the library.
client.delete_tag(repository, "v2")
refused(ResourceNotFoundError, lambda: client.get_tag_properties(repository, "v2"))
client.delete_manifest(repository, third)
refused(ResourceNotFoundError, lambda: client.get_manifest(repository, third))
spare, _ = client.upload_blob(repository, io.BytesIO(b"nobody needs this"))
client.delete_blob(repository, spare)
refused(ResourceNotFoundError, lambda: client.download_blob(repository, spare))
client.delete_repository(repository)
assert repository not in list(client.list_repository_names())
client.close()

public = {name for name in dir(ContainerRegistryClient) if not name.startswith("_")}
print(json.dumps({"first": first, "called": sorted(client.called), "never_called": sorted(public - client.called)}))
