/** The kinds whose fields are sorted: where each field is tried, and what becomes of the manifest. */
import { defaultConfiguration, inertSettings, readConfiguration } from "../../api/kubevirt/configuration.ts";
import { expandVirtualMachine } from "../../api/kubevirt/instancetype/expand.ts";
import { matcherAnnotations } from "../../api/kubevirt/instancetype/matcher.ts";
import { inertInstallation, installationProblems } from "../../api/kubevirt/installation-settings.ts";
import { configureMigration } from "../../api/kubevirt/migration/policy.ts";
import {
  migrationPolicies,
  virtualMachineInstanceMigrations,
  virtualMachineInstances,
  virtualMachines,
} from "../../api/kubevirt/resources.ts";
import { sampleSpec, sampleVmi } from "../../api/kubevirt/sample.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../api/kubevirt/types.ts";
import { readUpdateStrategy } from "../../api/kubevirt/workload-update.ts";
import { vmiKeyOf } from "../../src/controllers/migration/observe.ts";
import { renderTargetPod } from "../../src/controllers/migration/target-pod.ts";
import { plan } from "../../src/controllers/virtualmachine/plan.ts";
import { renderVmi } from "../../src/controllers/virtualmachine/render-vmi.ts";
import { findMachineSpecs } from "../../src/runtime/machine-specs.ts";
import { type InProcessApi, startInProcessApi } from "../admission/in-process.ts";
import { world } from "../admission/world.ts";
import { inertMachineFields, inertMigrationFields, inertPolicyFields } from "./inert.ts";
import { alongMachine, fullMachine, machineAlternatives, machineValues } from "./machine.ts";
import { instancetypes, preferences } from "./made-of.ts";
import { pools, replicaSets } from "./machine-sets.ts";
import { machineOutcome } from "./machine-outcome.ts";
import { alongMatchers, matcherValues } from "./matchers.ts";
import type { Grounds } from "./place.ts";
import { fieldsOf, specSchema } from "./schema-fields.ts";
import type { Outcome } from "./sort-field.ts";
import { admitted, subjectName as name, type Subject, withoutPrefix } from "./subject.ts";

export async function subjects(): Promise<Subject[]> {
  const api = await startInProcessApi();
  return [
    machineInstances(api),
    virtualMachineSpecs(api),
    replicaSets(api),
    pools(api),
    migrations(api),
    policies(api),
    instancetypes(api),
    preferences(api),
    configurations(),
    installationSettings(),
  ];
}

/** The same fields, in the template of a VirtualMachine: its instance is made of them. */
export function templates(api: InProcessApi): Subject {
  return {
    ...machineInstances(api),
    attempt: async (spec) => {
      const outcome = await admitted(
        api,
        virtualMachines,
        templateOutcome,
      )({ runStrategy: "Always", template: { spec } });
      if (!("causes" in outcome)) return outcome;
      const causes = outcome.causes.map(({ reason, message, field = "" }) => ({
        reason,
        message: message.replaceAll("spec.template.spec.", "spec."),
        field: field.replace("template.spec.", ""),
      }));
      return { causes };
    },
  };
}

function templateOutcome(vm: VirtualMachine): string {
  return JSON.stringify(renderVmi(vm, []).spec);
}

export function machineInstances(api: InProcessApi): Subject {
  const schema = specSchema("VirtualMachineInstance");
  const grounds: Grounds = {
    spec: fullMachine,
    schema,
    values: machineValues,
    alternatives: machineAlternatives,
    along: alongMachine,
  };
  return {
    kind: "VirtualMachineInstance",
    fields: fieldsOf(schema),
    grounds,
    attempt: admitted(api, virtualMachineInstances, (vmi) => machineOutcome(asStored(vmi))),
    inert: inertMachineFields,
  };
}

/** Without what is another one each time. */
function asStored({ spec }: VirtualMachineInstance): VirtualMachineInstance {
  return { metadata: { name, namespace: "default", uid: "uid" }, spec };
}

/** But for its template's spec, which is that of an instance. */
function virtualMachineSpecs(api: InProcessApi): Subject {
  const schema = specSchema("VirtualMachine");
  const fields = fieldsOf(schema).filter(({ path }) => !/^template(\.spec(\.|$)|$)/.test(path));
  const labelled = [{ labels: { one: "a" } }, { labels: { one: "b" } }];
  const strategies = ["Always", "Halted", "Manual", "RerunOnFailure", "Once", "sample"];
  return {
    kind: "VirtualMachine",
    fields,
    grounds: {
      spec: { runStrategy: "Always", template: { spec: sampleSpec() } },
      schema,
      values: [[/^template\.metadata$/, labelled], [/^runStrategy$/, strategies], ...matcherValues],
      alternatives: [[/^$/, ["running", "runStrategy"]]],
      along: alongMatchers,
    },
    attempt: admitted(api, virtualMachines, virtualMachineOutcome),
    inert: [],
  };
}

/** Its instance, and what is done before there is one and at each point of that one's life. */
async function virtualMachineOutcome(vm: VirtualMachine): Promise<string> {
  const expansion = expandVirtualMachine(vm, await findMachineSpecs(world, vm), defaultConfiguration);
  const { labels } = renderVmi(vm, []).metadata ?? {};
  const made = [expansion.causes, expansion.vm.spec.template, matcherAnnotations(vm)];
  const owner = { apiVersion: "v1", kind: "VirtualMachine", name, uid: vm.metadata?.uid ?? "", controller: true };
  const steps = [undefined, "Running", "Succeeded", "Failed"].flatMap((phase) =>
    [{}, { runStrategy: vm.spec.runStrategy }].map((status) => {
      const instance =
        phase && sampleVmi((vmi) => Object.assign(vmi, { status: { phase }, metadata: { ownerReferences: [owner] } }));
      const observation = {
        hasUnboundClaim: false,
        configuration: defaultConfiguration,
        podsCanGrow: true,
        createFailure: undefined,
        nowMs: 0,
      };
      return plan({ ...observation, vm: { ...vm, status }, instance: instance || undefined }).map(({ type }) => type);
    }),
  );
  return JSON.stringify([labels, made, steps]);
}

function migrations(api: InProcessApi): Subject {
  const schema = specSchema("VirtualMachineInstanceMigration");
  const context = {
    launcherImage: "launcher",
    imageVolumes: true,
    configuration: defaultConfiguration,
    blockClaims: new Set<string>(),
    hasOtherNodes: true,
  };
  return {
    kind: "VirtualMachineInstanceMigration",
    fields: fieldsOf(schema),
    grounds: { spec: { vmiName: "a" }, schema, values: [], alternatives: [], along: [] },
    attempt: admitted(api, virtualMachineInstanceMigrations, (migration) =>
      JSON.stringify([
        vmiKeyOf(migration),
        renderTargetPod(sampleVmi(), { ...migration, metadata: { name, uid: "uid" } }, context),
      ]),
    ),
    inert: inertMigrationFields,
  };
}

function policies(api: InProcessApi): Subject {
  const schema = specSchema("MigrationPolicy");
  const selected = { labels: { one: "sample-one" }, namespaceLabels: { one: "sample-one" } };
  return {
    kind: "MigrationPolicy",
    fields: fieldsOf(schema),
    // One that decides something, and that nobody is selected out of.
    grounds: {
      spec: { selectors: {}, completionTimeoutPerGiB: 7 },
      schema,
      values: [],
      alternatives: [],
      along: [],
    },
    attempt: admitted(api, migrationPolicies, (policy) =>
      JSON.stringify(configureMigration(defaultConfiguration.migrations, [policy], selected)),
    ),
    inert: inertPolicyFields,
  };
}

/** No admission: a setting that is not honoured is named in the resource's condition Degraded. */
function configurations(): Subject {
  const schema = specSchema("KubeVirt").properties?.["configuration"] ?? {};
  return {
    kind: "KubeVirt",
    fields: fieldsOf(schema),
    grounds: {
      spec: {},
      schema,
      values: [
        [/^evictionStrategy$/, ["None", "LiveMigrate", "LiveMigrateIfPossible", "External"]],
        [/defaultNetworkInterface$/, ["bridge", "masquerade"]],
        [/featureGates$/, [["HostDisk"], ["Other"]]],
        [/^vmRolloutStrategy$/, ["Stage", "LiveUpdate"]],
        [/defaultArchitecture$/, ["amd64", "arm64"]],
        [/^network\.binding$/, [{ one: { networkAttachmentDefinition: "one" } }]],
      ],
      alternatives: [],
      along: [],
    },
    attempt(given) {
      const { configuration, problems } = readConfiguration({ spec: { configuration: given } });
      return Promise.resolve(outcomeOf(configuration, problems));
    },
    inert: Object.entries(inertSettings).map(([path, reason]) => ({ path, reason })),
  };
}

/** Of the same resource, which is about the installation: named there, too. */
function installationSettings(): Subject {
  const { properties = {} } = specSchema("KubeVirt");
  const { configuration: _, ...rest } = properties;
  const schema = { ...specSchema("KubeVirt"), properties: rest };
  return {
    kind: "KubeVirt, beside its configuration",
    fields: fieldsOf(schema),
    grounds: {
      spec: {},
      schema,
      values: [
        [/^imagePullPolicy$/, ["Always", "IfNotPresent", "Never"]],
        [/^uninstallStrategy$/, ["RemoveWorkloads", "BlockUninstallIfWorkloadsExist"]],
        [/workloadUpdateMethods$/, [["LiveMigrate"], ["Evict"], ["Other"]]],
        [/batchEvictionInterval$/, ["1m", "2m", "often"]],
      ],
      alternatives: [],
      along: [],
    },
    attempt(spec) {
      const { strategy, problems } = readUpdateStrategy({ spec });
      return Promise.resolve(outcomeOf(strategy, [...problems, ...installationProblems({ spec })]));
    },
    inert: Object.entries(inertInstallation).map(([path, reason]) => ({ path, reason })),
  };
}

function outcomeOf(decided: object, problems: readonly string[]): Outcome {
  if (problems.length === 0) return { does: JSON.stringify(decided) };
  const causes = problems.map((message) => ({
    reason: "FieldValueForbidden",
    field: withoutPrefix(message.split(" ")[0]),
    message,
  }));
  return { causes };
}
