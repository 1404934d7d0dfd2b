"""More of what Azure's Python SDKs can do: each function makes something, reads it back, and takes it away."""
import io
import os
import ssl
import urllib.parse
import urllib.request

from azure.containerregistry import ArtifactManifestOrder, ContainerRegistryClient
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DeviceCodeCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.security import SecurityCenter

URL = os.environ["LAZARETTO_URL"]
SUBSCRIPTION = os.environ["LAZARETTO_SUBSCRIPTION"]
TENANT = os.environ["LAZARETTO_TENANT"]
REGISTRY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lazaretto/providers/Microsoft.ContainerRegistry/registries/lazaretto"
KEY = "dbd0cb49-b563-45e7-9724-889e799fa648"


def enter(_uri, code, _until):
    """What a person does with the code of a device: enters it on our page."""
    form = {"code": code, "name": "admin", "password": os.environ["LAZARETTO_PASSWORD"]}
    trusted = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    data = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{URL}/devicelogin", data, context=trusted) as answer:
        assert answer.status == 200, answer.status


def device():
    """Somebody signs in by the code of a device, and their token is taken again from the refresh token."""
    credential = DeviceCodeCredential(
        tenant_id=TENANT, authority=URL, disable_instance_discovery=True, prompt_callback=enter)
    resources = ResourceManagementClient(
        credential, SUBSCRIPTION, base_url=URL, credential_scopes=[f"{URL}/.default"])
    assert "lazaretto" in {one.name for one in resources.resource_groups.list()}
    first = credential.get_token(f"{URL}/.default").token
    assert first == credential.get_token(f"{URL}/.default").token, "a token is kept as long as it holds"


def resources(clients, group, registry):
    """Groups and registries by the words of resources, and their tags."""
    client = ResourceManagementClient(clients["credential"], SUBSCRIPTION, **clients["arm"])
    changed = client.resource_groups.update(group, {"tags": {"team": "python"}})
    assert changed.tags == {"team": "python"}, changed
    assert client.resource_groups.get(group).tags == changed.tags
    found = [one.name for one in client.resource_groups.list(filter="tagName eq 'team' and tagValue eq 'python'")]
    assert found == [group], found
    assert client.resources.get_by_id(registry, api_version="2025-04-01").id == registry
    wanted = {"properties": {"tags": {"pier": "east"}}}
    tags = client.tags.begin_create_or_update_at_scope(registry, wanted).result()
    assert tags.properties.tags == {"pier": "east"}, tags
    assert client.tags.get_at_scope(registry).properties.tags == {"pier": "east"}
    assert "pier" in {one.tag_name for one in client.tags.list()}
    provider = client.providers.get("Microsoft.ContainerRegistry")
    assert provider.registration_state == "Registered", provider
    assert client.providers.register("Microsoft.Security").namespace == "Microsoft.Security"
    try:
        client.resource_groups.get("nothing")
    except ResourceNotFoundError as error:
        assert error.error.code == "ResourceGroupNotFound", error
    else:
        raise AssertionError("an absent group was found")


def registries(clients, group, name):
    """What hangs on a registry: webhooks, scope maps, tokens and their passwords, imports, credentials."""
    acr = ContainerRegistryManagementClient(clients["credential"], SUBSCRIPTION, **clients["arm"])
    body = {"location": "local", "properties": {
        "serviceUri": "http://127.0.0.1:9/hook", "actions": ["push"], "status": "enabled"}}
    hook = acr.webhooks.begin_create(group, name, "pythonhook", body).result()
    assert hook.actions == ["push"], hook
    assert [one.name for one in acr.webhooks.list(group, name)] == ["pythonhook"]
    changed = acr.webhooks.begin_update(group, name, "pythonhook", {"properties": {"status": "disabled"}}).result()
    assert changed.status == "disabled" and changed.actions == ["push"], changed
    assert acr.webhooks.get_callback_config(group, name, "pythonhook").service_uri == "http://127.0.0.1:9/hook"
    acr.webhooks.begin_delete(group, name, "pythonhook").result()

    actions = ["repositories/copied/content/read", "repositories/copied/metadata/read"]
    scope_map = acr.scope_maps.begin_create(group, name, "pythonmap", {"properties": {"actions": actions}}).result()
    assert scope_map.actions == actions, scope_map
    token = acr.tokens.begin_create(
        group, name, "pythontoken", {"properties": {"scopeMapId": scope_map.id, "status": "enabled"}}).result()
    made = acr.registries.begin_generate_credentials(group, name, {"tokenId": token.id, "name": "password1"}).result()
    assert made.username == "pythontoken" and made.passwords[0].value, made
    assert "pythontoken" in {one.name for one in acr.tokens.list(group, name)}
    acr.tokens.begin_delete(group, name, "pythontoken").result()
    acr.scope_maps.begin_delete(group, name, "pythonmap").result()

    source = {"source": {"resourceId": REGISTRY, "sourceImage": "ill:1"}, "targetTags": ["copied:1"], "mode": "Force"}
    acr.registries.begin_import_image(group, name, source).result()
    before = acr.registries.list_credentials(group, name)
    after = acr.registries.regenerate_credential(group, name, {"name": "password"})
    assert before.passwords[0].value != after.passwords[0].value
    assert before.passwords[1].value == after.passwords[1].value
    assert list(acr.replications.list(group, name)) == []
    usages = {usage.name: usage.current_value for usage in acr.registries.list_usages(group, name).value}
    assert usages["Size"] > 0, usages


def roles(clients, scope):
    """What roles there are, and who has them."""
    client = AuthorizationManagementClient(clients["credential"], SUBSCRIPTION, **clients["arm"])
    names = {one.role_name for one in client.role_definitions.list(scope)}
    assert {"Owner", "Security Reader", "AcrPull"} <= names, names
    subscription = f"/subscriptions/{SUBSCRIPTION}"
    # Those of the tenant are listed too, and read there alone.
    assignment = next(one for one in client.role_assignments.list_for_subscription() if one.scope == subscription)
    assert client.role_assignments.get_by_id(assignment.id).principal_id == assignment.principal_id
    found = list(client.role_assignments.list_for_scope(
        subscription, filter=f"principalId eq '{assignment.principal_id}'"))
    assert {one.principal_id for one in found} == {assignment.principal_id}


def security(clients, group):
    """Plans, assessments, single findings, scores, automations; and that there are no alerts."""
    center = SecurityCenter(clients["credential"], SUBSCRIPTION, **clients["arm"])
    scope = f"/subscriptions/{SUBSCRIPTION}"
    plan = center.pricings.get(scope_id=scope.lstrip("/"), pricing_name="Containers")
    assert plan.pricing_tier == "Standard", plan
    own = center.pricings.update(REGISTRY.lstrip("/"), "Containers", {"properties": {"pricingTier": "Standard"}})
    assert own.pricing_tier == "Standard", own
    center.pricings.delete(REGISTRY.lstrip("/"), "Containers")
    whole = center.assessments.get(REGISTRY, KEY)
    assert whole.status.code == "Unhealthy", whole
    names = {one.name for one in center.assessments_metadata.list_by_subscription()}
    assert KEY in names, names
    below = list(center.sub_assessments.list(REGISTRY, KEY))
    row = next(one for one in below if one.status.code == "Unhealthy")
    again = center.sub_assessments.get(REGISTRY, KEY, row.name)
    assert again.id_properties_id == row.id_properties_id, again
    score = next(iter(center.secure_scores.list()))
    assert score.max == 6 and score.name == "ascScore", score
    automation = {
        "location": "local",
        "properties": {
            "isEnabled": True,
            "scopes": [{"scopePath": scope}],
            "sources": [{"eventSource": "Assessments"}],
            "actions": [{"actionType": "LogicApp", "logicAppResourceId": "/none", "uri": "https://example.com/told"}],
        },
    }
    made = center.automations.create_or_update(group, "python", automation)
    assert made.name == "python", made
    assert "python" in {one.name for one in center.automations.list()}
    center.automations.delete(group, "python")
    assert list(center.alerts.list()) == []
    assert [one.name for one in center.locations.list()] == ["local"]


def content(credential):
    """Tags and manifests come, are locked, and go."""
    client = ContainerRegistryClient(URL, credential, audience="https://containerregistry.azure.net")
    config, _ = client.upload_blob("python-made", io.BytesIO(b"{}"))
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.example+json", "digest": config, "size": 2},
        "layers": [],
    }
    digest = client.set_manifest("python-made", manifest, tag="1")
    assert client.get_manifest("python-made", digest).manifest == manifest
    listed = list(client.list_manifest_properties(
        "python-made", order_by=ArtifactManifestOrder.LAST_UPDATED_ON_DESCENDING))
    assert [one.digest for one in listed] == [digest], listed
    assert [one.name for one in client.list_tag_properties("python-made")] == ["1"]
    assert client.get_repository_properties("python-made").manifest_count == 1
    locked = client.update_tag_properties("python-made", "1", can_delete=False)
    assert locked.can_delete is False, locked
    try:
        client.delete_tag("python-made", "1")
    except HttpResponseError as error:
        assert error.status_code == 405, error
    else:
        raise AssertionError("a locked tag was deleted")
    client.update_tag_properties("python-made", "1", can_delete=True)
    client.delete_tag("python-made", "1")
    assert list(client.list_tag_properties("python-made")) == []
    client.delete_repository("python-made")
    assert "python-made" not in set(client.list_repository_names())
