// Drives Azure's JavaScript SDKs, unmodified, and prints what they say as one line of JSON.
// The program they sign in as is made over the directory's REST form.
import { createRequire } from "node:module";
import { randomUUID } from "node:crypto";

const env = process.env;
const require = createRequire(`${env.LAZARETTO_CLIENTS}/javascript/package.json`);
const load = (name) => import(require.resolve(name));
const { ClientSecretCredential } = await load("@azure/identity");
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
console.log(JSON.stringify({ tiers, findings, repositories, digest }));
