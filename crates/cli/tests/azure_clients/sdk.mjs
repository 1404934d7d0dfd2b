// Drives Azure's JavaScript SDKs, unmodified, and prints what they say as one line of JSON.
// The program they sign in as is made over the directory's REST form.
import { createRequire } from "node:module";
import { randomUUID } from "node:crypto";

const env = process.env;
const require = createRequire(`${env.LAZARETTO_CLIENTS}/javascript/package.json`);
const load = (name) => import(require.resolve(name));
const { ClientSecretCredential, DeviceCodeCredential } = await load("@azure/identity");
const { SecurityCenter } = await load("@azure/arm-security");
const { ContainerRegistryClient } = await load("@azure/container-registry");

const url = env.LAZARETTO_URL;
const scope = `/subscriptions/${env.LAZARETTO_SUBSCRIPTION}`;

// A request as the owner, by name and password.
async function rest(method, path, body) {
  const authorization = "Basic " + Buffer.from(`admin:${env.LAZARETTO_PASSWORD}`).toString("base64");
  const answer = await fetch(url + path, {
    method,
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const application = await rest("POST", "/graph/v1.0/applications", { displayName: "javascript" });
const secret = await rest("POST", `/graph/v1.0/applications/${application.id}/addPassword`, {});
const program = await rest("POST", "/graph/v1.0/servicePrincipals", { appId: application.appId });
const reader = `${scope}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7`;
await rest(
  "PUT",
  `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`,
  { properties: { roleDefinitionId: reader, principalId: program.id } },
);

const credential = new ClientSecretCredential(env.LAZARETTO_TENANT, application.appId, secret.secretText, {
  authorityHost: url,
  disableInstanceDiscovery: true,
});
const center = new SecurityCenter(credential, env.LAZARETTO_SUBSCRIPTION, {
  endpoint: url,
  credentialScopes: [`${url}/.default`],
});

const tiers = {};
for (const one of (await center.pricings.list()).value) {
  if (["ContainerRegistry", "Containers"].includes(one.name)) tiers[one.name] = one.pricingTier;
}
const findings = [];
for await (const one of center.subAssessments.listAll(scope)) {
  if (one.status.code === "Unhealthy") {
    findings.push([one.idPropertiesId, one.additionalData.repositoryName, one.additionalData.imageDigest]);
  }
}
const registry = new ContainerRegistryClient(url, credential, { audience: "https://containerregistry.azure.net" });
const repositories = [];
for await (const name of registry.listRepositoryNames()) repositories.push(name);
const { digest } = await registry.getArtifact("ill", "1").getManifestProperties();

// One assessment, one finding, the score, and that there are no alerts.
const key = "dbd0cb49-b563-45e7-9724-889e799fa648";
const first = `${scope}/resourceGroups/lazaretto/providers/Microsoft.ContainerRegistry/registries/lazaretto`;
const equal = (one, other, what) => {
  if (JSON.stringify(one) !== JSON.stringify(other)) throw new Error(`${what}: ${JSON.stringify(one)}`);
};
equal((await center.assessments.get(first, key)).status.code, "Unhealthy", "the assessment");
for await (const one of center.subAssessments.list(first, key)) {
  const again = await center.subAssessments.get(first, key, one.name);
  equal([again.id, again.status.code], [one.id, one.status.code], "a finding");
}
const scores = [];
for await (const one of center.secureScores.list()) scores.push([one.name, one.max]);
equal(scores, [["ascScore", 6]], "the score");
for await (const one of center.alerts.list()) throw new Error(`there is an alert: ${one.id}`);

// Tags, manifests and bytes.
const image = registry.getArtifact("ill", "1");
const tags = [];
for await (const one of registry.getArtifact("ill", digest).listTagProperties()) tags.push(one.name);
equal(tags, ["1"], "tags");
equal((await image.getTagProperties("1")).digest, digest, "the tag");
const repository = await registry.getRepository("ill").getProperties();
equal(repository.tagCount, 1, "the repository");

// The code of a device is entered as a person does it.
const device = new DeviceCodeCredential({
  tenantId: env.LAZARETTO_TENANT,
  authorityHost: url,
  disableInstanceDiscovery: true,
  userPromptCallback: async ({ userCode }) => {
    const form = new URLSearchParams({ code: userCode, name: "admin", password: env.LAZARETTO_PASSWORD });
    const answer = await fetch(`${url}/devicelogin`, { method: "POST", body: form });
    if (!answer.ok) throw new Error(`the code was not taken: ${answer.status}`);
  },
});
const { token } = await device.getToken(`${url}/.default`);
const groups = await fetch(`${url}${scope}/resourcegroups?api-version=2021-04-01`, {
  headers: { authorization: `Bearer ${token}` },
});
equal(groups.status, 200, "the token of a device");

console.log(JSON.stringify({ tiers, findings, repositories, digest }));
