/** What vmpod's pods may do, held against what their code calls. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import type { ClusterRole, PolicyRule, Role } from "../../../api/rbac.ts";
import { defaultSettings } from "../settings.ts";
import { renderComponentRoles, renderLocalRoles } from "./rights.ts";

const root = resolve(import.meta.dirname, "../../..");
const roles = [...renderComponentRoles(defaultSettings), ...renderLocalRoles(defaultSettings)].filter(
  (object): object is ClusterRole | Role => object.kind === "ClusterRole" || object.kind === "Role",
);

function rulesOf(component: string): PolicyRule[] {
  return roles.filter(({ metadata }) => metadata?.name === component).flatMap(({ rules }) => rules ?? []);
}

/** The rooms that run in each component's pods. */
const rooms: Record<string, string[]> = {
  "vmpod-controller": [
    "src/controllers",
    "src/runtime/event-recorder.ts",
    "src/runtime/leader-election.ts",
    "src/runtime/machine-specs.ts",
    "src/runtime/virt-configuration.ts",
  ],
  "vmpod-api-extension": [
    "src/extension",
    "src/runtime/machine-specs.ts",
    "src/runtime/virt-configuration.ts",
    "src/cmd/cluster/api-extension.ts",
  ],
  "vmpod-agent": ["src/node", "src/runtime/event-recorder.ts", "src/runtime/virt-configuration.ts"],
};

/** Granted by roles of Kubernetes' own that are bound too. */
const grantedByOthers = ["create subjectaccessreviews", "create tokenreviews", "list configmaps", "watch configmaps"];

const verbsOf: Record<string, string[]> = {
  get: ["get"],
  list: ["list"],
  create: ["create"],
  update: ["update"],
  delete: ["delete"],
  patch: ["patch"],
  updateStatus: ["update"],
  createInformer: ["list", "watch"],
};

/** `client.get(pods, ...)`, `createInformer(client, pods, ...)`: verb and resource, as far as the resource is named. */
function callsIn(text: string): string[] {
  const plurals = importedPlurals(text);
  const calls = text.matchAll(/(?:client\s*\.\s*(\w+)|(createInformer)(?:<\w+>)?)\(\s*(?:client,\s*)?(\w+)/g);
  return [...calls].flatMap(({ 1: method = "", 2: informer = "", 3: variable = "", index }) => {
    const plural = plurals.get(variable);
    const verbs = verbsOf[method || informer];
    if (plural === undefined || verbs === undefined) return [];
    const statement = text.slice(index, text.indexOf(";", index));
    const isStatus = method === "updateStatus" || (method === "patch" && statement.includes('subresource: "status"'));
    return verbs.map((verb) => `${verb} ${plural}${isStatus ? "/status" : ""}`);
  });
}

/** Names of imported `Resource`s; a resource's plural is its variable's name in lower case. */
function importedPlurals(text: string): Map<string, string> {
  const imports = text.matchAll(/import (?:type )?\{([^}]*)\} from "(?:\.\.\/)+api\/[^"]*"/g);
  const names = [...imports].flatMap(([, list = ""]) => list.split(",").map((name) => name.trim()));
  return new Map(names.filter((name) => /^[a-z]\w*s$/.test(name)).map((name) => [name, name.toLowerCase()]));
}

function sourcesOf(room: string): string[] {
  const path = join(root, room);
  if (room.endsWith(".ts")) return [readFileSync(path, "utf8")];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/\.(test|fixture)\.ts$/.test(name))
    .map((name) => readFileSync(join(path, name), "utf8"));
}

function allows(rules: readonly PolicyRule[], call: string): boolean {
  const [verb = "", resource = ""] = call.split(" ");
  return rules.some(({ verbs, resources = [] }) => verbs.includes(verb) && resources.includes(resource));
}

for (const [component, directories] of Object.entries(rooms)) {
  test(`${component} may do what its code calls`, () => {
    const calls = [...new Set(directories.flatMap(sourcesOf).flatMap(callsIn))].sort();
    assert.ok(calls.length > 5, `too few calls were recognised: ${calls.join(", ")}`);
    const missing = calls.filter((call) => !grantedByOthers.includes(call) && !allows(rulesOf(component), call));
    assert.deepEqual(missing, []);
  });

  test(`${component} has no right that would give it others`, () => {
    for (const { verbs, resources = [], apiGroups = [] } of rulesOf(component)) {
      for (const list of [verbs, resources, apiGroups]) assert.ok(!list.includes("*"));
      for (const verb of ["escalate", "bind", "impersonate", "deletecollection"]) assert.ok(!verbs.includes(verb));
      assert.ok(!apiGroups.includes("rbac.authorization.k8s.io"));
      for (const resource of ["pods/exec", "pods/attach", "pods/portforward", "serviceaccounts/token"]) {
        assert.ok(!resources.includes(resource), resource);
      }
    }
  });
}

test("secrets are read and written in vmpod's own namespace only", () => {
  const everywhere = roles.filter(({ kind }) => kind === "ClusterRole");
  for (const { metadata, rules = [] } of everywhere) {
    for (const { resources = [] } of rules ?? []) assert.ok(!resources.includes("secrets"), metadata?.name);
  }
});
