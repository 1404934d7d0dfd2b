"""Drives Azure's Python SDKs, unmodified, and prints what they say as one line of JSON.

The first program is made over the directory's REST form, as the SDKs have none for it.
"""
import base64
import hashlib
import json
import os
import ssl
import subprocess
import urllib.request
import uuid

from azure.containerregistry import ContainerRegistryClient
from azure.identity import CertificateCredential, ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions
from azure.mgmt.security import SecurityCenter

import sdk_further

URL = os.environ["LAZARETTO_URL"]
SUBSCRIPTION = os.environ["LAZARETTO_SUBSCRIPTION"]
TENANT = os.environ["LAZARETTO_TENANT"]
OWNER_ROLE = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
READER_ROLE = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def rest(method, path, body=None):
    """A request as the owner, by name and password."""
    credentials = base64.b64encode(f"admin:{os.environ['LAZARETTO_PASSWORD']}".encode()).decode()
    headers = {"authorization": f"Basic {credentials}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    trusted = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    with urllib.request.urlopen(request, context=trusted) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def certificate():
    """A certificate of one's own with its key, as a file and as what is registered of it."""
    folder = os.environ["LAZARETTO_FOLDER"]
    key, cert, both = (f"{folder}/{name}.pem" for name in ("program-key", "program-cert", "program"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert,
         "-days", "2", "-subj", "/CN=program"],
        check=True, capture_output=True)
    with open(both, "w") as out:
        for part in (key, cert):
            out.write(open(part).read())
    body = "".join(line for line in open(cert) if not line.startswith("-"))
    return both, body.replace("\n", "")


def program():
    """An application with a secret and a certificate, its program, and the role Owner for it."""
    file, key = certificate()
    wanted = {"displayName": "sdk", "keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": key}]}
    application = rest("POST", "/graph/v1.0/applications", wanted)
    secret = rest("POST", f"/graph/v1.0/applications/{application['id']}/addPassword", {"passwordCredential": {}})
    principal = rest("POST", "/graph/v1.0/servicePrincipals", {"appId": application["appId"]})
    scope = f"/subscriptions/{SUBSCRIPTION}"
    role = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{OWNER_ROLE}"
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
    rest("PUT", path, {"properties": {"roleDefinitionId": role, "principalId": principal["id"]}})
    return application["appId"], secret["secretText"], file, principal["id"]


def registries(clients, group):
    """A registry comes, changes and goes."""
    acr = ContainerRegistryManagementClient(clients["credential"], SUBSCRIPTION, **clients["arm"])
    name = "pythonmade"
    free = acr.registries.check_name_availability(
        {"name": name, "type": "Microsoft.ContainerRegistry/registries"})
    assert free.name_available, free
    body = {"location": "local", "sku": {"name": "Basic"}, "properties": {"adminUserEnabled": True}}
    made = acr.registries.begin_create(group, name, body).result()
    assert made.name == name, made
    read = acr.registries.get(group, name)
    assert read.id == made.id, read
    changed = acr.registries.begin_update(group, name, {"tags": {"a": "b"}}).result()
    assert changed.tags == {"a": "b"}, changed
    credentials = acr.registries.list_credentials(group, name)
    assert credentials.username == name and len(credentials.passwords) == 2, credentials
    usages = acr.registries.list_usages(group, name)
    assert any(usage.name == "Size" for usage in usages.value), usages
    assert {name, "lazaretto"} <= {one.name for one in acr.registries.list()}
    return acr, name, made.id


def roles(clients, scope, principal):
    """A role is defined, given, listed and taken away."""
    authorization = AuthorizationManagementClient(clients["credential"], SUBSCRIPTION, **clients["arm"])
    found = list(authorization.role_definitions.list(scope, filter="roleName eq 'Reader'"))
    assert [one.name for one in found] == [READER_ROLE], found
    name = str(uuid.uuid4())
    own = {"role_name": "From Python", "description": "x", "role_type": "CustomRole",
           "permissions": [{"actions": ["*/read"], "not_actions": []}],
           "assignable_scopes": [f"/subscriptions/{SUBSCRIPTION}"]}
    defined = authorization.role_definitions.create_or_update(f"/subscriptions/{SUBSCRIPTION}", name, own)
    assert defined.role_type == "CustomRole", defined
    body = {"role_definition_id": defined.id, "principal_id": principal, "principal_type": "ServicePrincipal"}
    given = authorization.role_assignments.create(scope, str(uuid.uuid4()), body)
    listed = authorization.role_assignments.list_for_scope(scope, filter="atScope()")
    assert given.id in {one.id for one in listed}
    authorization.role_assignments.delete_by_id(given.id)
    listed = authorization.role_assignments.list_for_scope(scope, filter="atScope()")
    assert given.id not in {one.id for one in listed}
    authorization.role_definitions.delete(f"/subscriptions/{SUBSCRIPTION}", name)


def security(clients):
    """Plans and findings."""
    center = SecurityCenter(clients["credential"], SUBSCRIPTION, **clients["arm"])
    scope = f"subscriptions/{SUBSCRIPTION}"
    tiers = {one.name: one.pricing_tier for one in center.pricings.list(scope_id=scope).value}
    tiers = {name: tiers[name] for name in ("ContainerRegistry", "Containers")}
    assert any(one.status.code == "Unhealthy" for one in center.assessments.list(f"/{scope}"))
    findings = []
    for one in center.sub_assessments.list_all(f"/{scope}"):
        if one.status.code == "Unhealthy":
            more = one.additional_data
            findings.append([one.id_properties_id, more.repository_name, more.image_digest])
    return tiers, findings


def query(clients):
    """The same findings, by a query."""
    graph = ResourceGraphClient(clients["credential"], **clients["arm"])
    text = """SecurityResources
        | where type == 'microsoft.security/assessments/subassessments'
        | where properties.status.code == 'Unhealthy'
        | project id, vulnerability = tostring(properties.id), repository = tostring(properties.additionalData.repositoryName),
                  digest = tostring(properties.additionalData.imageDigest)"""
    options = QueryRequestOptions(result_format="objectArray", top=1000)
    answer = graph.resources(QueryRequest(subscriptions=[SUBSCRIPTION], query=text, options=options))
    return [[row["vulnerability"], row["repository"], row["digest"]] for row in answer.data]


def content(credential):
    """Images and bytes of the first registry."""
    client = ContainerRegistryClient(URL, credential, audience="https://containerregistry.azure.net")
    repositories = list(client.list_repository_names())
    digest = client.get_manifest_properties("ill", "1").digest
    manifest = client.get_manifest("ill", "1")
    assert manifest.digest == digest
    pushed, size = client.upload_blob("from-python", __import__("io").BytesIO(b"bytes of python"))
    assert pushed == "sha256:" + hashlib.sha256(b"bytes of python").hexdigest() and size == 15
    assert b"".join(client.download_blob("from-python", pushed)) == b"bytes of python"
    return repositories, digest


def main():
    app, secret, file, principal = program()
    trust = {"authority": URL, "disable_instance_discovery": True}
    credential = ClientSecretCredential(TENANT, app, secret, **trust)
    certified = CertificateCredential(TENANT, app, certificate_path=file, **trust)
    assert certified.get_token(f"{URL}/.default").token
    clients = {"credential": credential, "arm": {"base_url": URL, "credential_scopes": [f"{URL}/.default"]}}

    resources = ResourceManagementClient(certified, SUBSCRIPTION, **clients["arm"])
    group = "python-group"
    assert resources.resource_groups.create_or_update(group, {"location": "local"}).name == group
    assert resources.resource_groups.check_existence(group)
    assert group in {one.name for one in resources.resource_groups.list()}
    acr, name, registry = registries(clients, group)
    filtered = resources.resources.list(filter="resourceType eq 'Microsoft.ContainerRegistry/registries'")
    assert name in {one.name for one in filtered}
    roles(clients, registry, principal)
    sdk_further.device()
    sdk_further.resources(clients, group, registry)
    sdk_further.registries(clients, group, name)
    sdk_further.roles(clients, registry)
    sdk_further.security(clients, group)
    sdk_further.content(credential)
    repositories, digest = content(credential)
    acr.registries.begin_delete(group, name).result()
    tiers, findings = security(clients)
    resources.resource_groups.begin_delete(group).result()
    assert not resources.resource_groups.check_existence(group)
    print(json.dumps({
        "tiers": tiers, "findings": findings, "queried": query(clients), "repositories": repositories,
        "digest": digest,
    }))


main()
