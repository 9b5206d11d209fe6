/** Kinds that keep many machines: what each of their fields makes of a handful of machines that are there. */
import { labels } from "../../api/kubevirt/names.ts";
import { renderVm, revisionOf } from "../../api/kubevirt/pool/render-vm.ts";
import { scaleInOf, updateOf } from "../../api/kubevirt/pool/strategies.ts";
import {
  type VirtualMachineInstanceReplicaSet,
  virtualMachineInstanceReplicaSets,
  type VirtualMachinePool,
  virtualMachinePools,
} from "../../api/kubevirt/resources.ts";
import { sampleSpec, sampleVm, sampleVmi } from "../../api/kubevirt/sample.ts";
import type { Machine } from "../../src/controllers/pool/observation.ts";
import { plan as planPool } from "../../src/controllers/pool/plan.ts";
import { decideStatus as decidePoolStatus } from "../../src/controllers/pool/status.ts";
import { inOrder } from "../../src/controllers/pool/selection.ts";
import { plan as planSet } from "../../src/controllers/replicaset/plan.ts";
import { renderVmi } from "../../src/controllers/replicaset/render-vmi.ts";
import { decideStatus } from "../../src/controllers/replicaset/status.ts";
import type { InProcessApi } from "../admission/in-process.ts";
import type { Along } from "./place.ts";
import { fieldsOf, specSchema } from "./schema-fields.ts";
import { admitted, type Subject, subjectName } from "./subject.ts";
import type { ValueTable } from "./values.ts";

const own = { app: "a", tier: "b" };
const metadata = { labels: own };
const nowMs = Date.parse("2026-01-01T00:00:00Z");
const labelled = ["x", "y"].map((one) => ({ labels: { ...own, one } }));

const values: ValueTable = [
  [/^(template|virtualMachineTemplate)\.metadata$/, labelled],
  [/^selector\.matchLabels$/, [{ app: "a" }, { tier: "b" }]],
  [/^selector\.matchExpressions\[\]\.key$/, ["app", "tier"]],
  [/^selector\.matchExpressions\[\]\.values$/, [["a"], ["a", "c"]]],
  [/labelSelector\.matchExpressions\[\]\.key$/, ["one", "app"]],
  [/labelSelector\.matchExpressions\[\]\.values$/, [["sample-one"], ["sample-two"]]],
  [/elector\.matchExpressions\[\]\.operator$/, ["Exists", "DoesNotExist"]],
  [/RequirementMatcher\[\]\.operator$/, ["Exists", "sample"]],
  [/RequirementMatcher\[\]\.key$/, ["zone", "rack"]],
  [/RequirementMatcher\[\]\.values$/, [["5"], ["7"]]],
  [/^maxUnavailable$/, [1, "50%"]],
  [/^autohealing\.minFailingToStartDuration$/, ["1m", "10m"]],
];

type Expression = { key: string; operator: string; values?: string[] };
type Selecting = { selector: { matchExpressions: Expression[] } };

const along: Along = [
  [
    /^selector\.matchExpressions\[\]\.operator$/,
    ({ selector }: Selecting, value) =>
      Object.assign(selector.matchExpressions[0] ?? {}, { key: value === "Exists" ? "app" : "none" }),
  ],
  [
    /^selector\.matchExpressions\[\]\.values$/,
    ({ selector }: Selecting) => Object.assign(selector.matchExpressions[0] ?? {}, { key: "app", operator: "In" }),
  ],
  // Chance may happen to be what is asked for.
  [
    /\.selectors\./,
    ({ scaleInStrategy, updateStrategy }: VirtualMachinePool["spec"]) => {
      for (const strategy of [scaleInStrategy, updateStrategy])
        Object.assign(strategy?.proactive?.selectionPolicy ?? {}, { sortPolicy: "DescendingOrder" });
    },
  ],
  [
    /(labelSelector\.matchExpressions|RequirementMatcher)\[\]\.values$/,
    (spec: VirtualMachinePool["spec"]) => {
      for (const each of expressionsIn(spec)) each.operator = "In";
    },
  ],
  [
    /RequirementMatcher\[\]\.operator$/,
    (spec: VirtualMachinePool["spec"]) => {
      for (const each of expressionsIn(spec)) each.values = ["5"];
    },
  ],
];

function expressionsIn({ scaleInStrategy, updateStrategy }: VirtualMachinePool["spec"]): Expression[] {
  return [scaleInStrategy, updateStrategy].flatMap((strategy) => {
    const selectors = strategy?.proactive?.selectionPolicy?.selectors;
    return [
      ...(selectors?.labelSelector?.matchExpressions ?? []),
      ...(selectors?.nodeSelectorRequirementMatcher ?? []),
    ];
  });
}

/** But for its template's spec, which is that of an instance. */
export function replicaSets(api: InProcessApi): Subject {
  const schema = specSchema("VirtualMachineInstanceReplicaSet");
  return {
    kind: "VirtualMachineInstanceReplicaSet",
    fields: fieldsOf(schema).filter(({ path }) => !/^template(\.spec(\.|$)|$)/.test(path)),
    grounds: {
      spec: { selector: { matchLabels: own }, template: { metadata, spec: sampleSpec() } },
      schema,
      values,
      alternatives: [],
      along,
    },
    attempt: admitted(api, virtualMachineInstanceReplicaSets, replicaSetOutcome),
    inert: [],
  };
}

function replicaSetOutcome(made: VirtualMachineInstanceReplicaSet): string {
  const set = { ...made, metadata: { name: subjectName, uid: "uid" } };
  const observation = { set, owned: [], orphans: [], failure: undefined, nowMs };
  const actions = planSet(observation).map((action) => (action.type === "create" ? action.count : action.type));
  return JSON.stringify([actions, decideStatus(observation), renderVmi(set).metadata]);
}

/** But for its template's spec, which is that of a machine. */
export function pools(api: InProcessApi): Subject {
  const schema = specSchema("VirtualMachinePool");
  const volumes = [
    { name: "c", configMap: { name: "files" } },
    { name: "s", secret: { secretName: "files" } },
  ];
  const instance = sampleSpec((spec) => spec.volumes?.push(...volumes));
  const machine = { runStrategy: "Always", template: { spec: instance } };
  const spec = { replicas: 4, selector: { matchLabels: own }, virtualMachineTemplate: { metadata, spec: machine } };
  return {
    kind: "VirtualMachinePool",
    fields: fieldsOf(schema).filter(({ path }) => !/^virtualMachineTemplate(\.spec(\.|$)|$)/.test(path)),
    grounds: { spec, schema, values, alternatives: [], along },
    attempt: admitted(api, virtualMachinePools, poolOutcome),
    inert: [],
  };
}

/** Of machines that are there and up to date, that fail, that are outdated, that run what is outdated, that are too many; and of none. */
function poolOutcome(made: VirtualMachinePool): string {
  const pool = { ...made, metadata: { name: subjectName, uid: "uid" } };
  const machines = (kind: Kind) => [0, 1, 2, 3].map((ordinal) => machineOf(pool, ordinal, kind));
  const smaller = { ...pool, spec: { ...pool.spec, replicas: 1 } };
  const planned = kinds.map((kind) => plansFor(pool, machines(kind)));
  const orders = [scaleInOf(pool.spec), updateOf(pool.spec)].map(({ selection }) =>
    inOrder(pool, selection, machines("settled")).map(({ vm }) => vm.metadata?.name),
  );
  const { labelSelector } = decidePoolStatus(observe(pool, []));
  const first = renderVm(pool, 0, { apiVersion: "v1", kind: "Pool", name: "a", uid: "u" });
  return JSON.stringify([
    plansFor(pool, []),
    plansFor(smaller, machines("settled")),
    planned,
    orders,
    labelSelector,
    first,
  ]);
}

function observe(pool: VirtualMachinePool, owned: Machine[]) {
  const takenNames = new Set(owned.map(({ vm }) => vm.metadata?.name ?? ""));
  return { pool, owned, takenNames, failure: undefined, nowMs };
}

const kinds = ["settled", "failing", "outdated", "restarting"] as const;
type Kind = (typeof kinds)[number];

function plansFor(pool: VirtualMachinePool, owned: Machine[]): string[] {
  return planPool(observe(pool, owned)).map((action) => {
    if (action.type === "create") return `create ${action.ordinal}`;
    const kept = action.type === "delete" && action.keepsVolumes ? " but its volumes" : "";
    return `${action.type} ${"vm" in action ? action.vm.metadata?.name : action.vmi.metadata?.name}${kept}`;
  });
}

const zones = ["3", "7", undefined, "5"];
/** Neither in the order of the numbers nor in that of chance. */
const ages = ["2026-01-03", "2026-01-01", "2026-01-04", "2026-01-02"];
const words = ["sample-one", "sample-two"];

function machineOf(pool: VirtualMachinePool, ordinal: number, kind: Kind): Machine {
  const [revision, zone, one] = [revisionOf(pool), zones[ordinal], words[ordinal]];
  const marks = (isOld: boolean) => ({ ...own, ...(one && { one }), [labels.poolRevision]: isOld ? "old" : revision });
  const failed = { type: "Ready", status: "False", lastTransitionTime: new Date(nowMs - 360_000).toISOString() };
  const ready = kind === "failing" ? failed : { type: "Ready", status: "True" };
  const vm = sampleVm((each) => {
    const name = `${subjectName}-${ordinal}`;
    each.metadata = {
      name,
      uid: name,
      generation: 1,
      labels: marks(kind === "outdated"),
      creationTimestamp: `${ages[ordinal]}T00:00:00Z`,
    };
    const restart = { type: "RestartRequired", status: "True" };
    each.status = {
      desiredGeneration: 1,
      conditions: [ready, ...(kind === "restarting" ? [restart] : [])],
      ...(kind === "failing" && { startFailure: { consecutiveFailCount: 3 } }),
    };
  });
  const vmi = sampleVmi((each) => {
    each.metadata = { ...each.metadata, name: vm.metadata?.name ?? "", labels: marks(kind !== "settled") };
  });
  return { vm, vmi, nodeLabels: zone === undefined ? {} : { zone } };
}
