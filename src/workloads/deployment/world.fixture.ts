/**
 * A deployment in a small world: ReplicaSets that are reconciled late, and pods that become ready when they like. The
 * other controller is the real plan of ReplicaSets, run on pods of this world.
 */
import type { Deployment, DeploymentSpec, ReplicaSet } from "../../../api/apps.ts";
import type { Pod } from "../../../api/core.ts";
import { planReplicaSet, replicaSetStatus } from "../replicaset/plan.ts";
import { type DeploymentAction, planDeployment, revisionAnnotation } from "./plan.ts";

type Spec = Partial<Omit<DeploymentSpec, "template" | "selector">> & { image?: string };

export function deployment({ image = "one", ...spec }: Spec): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d", namespace: "n", uid: "d", generation: 1 },
    spec: { selector: { matchLabels: { app: "d" } }, template: templateOf(image), ...spec },
  };
}

interface SetShape {
  image: string;
  replicas?: number;
  available?: number;
  revision?: number;
}

export function replicaSet(name: string, { image, replicas = 1, available = 0, revision = 1 }: SetShape): ReplicaSet {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name,
      uid: name,
      namespace: "n",
      generation: 1,
      labels: { app: "d" },
      annotations: { [revisionAnnotation]: String(revision) },
    },
    spec: { replicas, selector: { matchLabels: { app: "d", set: name } }, template: templateOf(image) },
    status: { observedGeneration: 1, replicas, availableReplicas: available },
  };
}

function templateOf(image: string): DeploymentSpec["template"] {
  return { metadata: { labels: { app: "d" } }, spec: { containers: [{ name: "c", image }] } };
}

interface WorldPod {
  name: string;
  set: string;
  image: string;
  ready: boolean;
}

export type Step =
  | { kind: "plan" }
  | { kind: "sets"; which: number }
  | { kind: "ready"; which: number }
  | { kind: "template"; which: number };

export class DeploymentWorld {
  deployment: Deployment;
  image: string;
  sets: ReplicaSet[] = [];
  pods: WorldPod[] = [];
  #made = 0;

  constructor(wanted: Deployment) {
    this.deployment = wanted;
    this.image = wanted.spec?.template.spec?.containers[0]?.image ?? "";
  }

  step(step: Step): void {
    if (step.kind === "plan") return this.#plan();
    if (step.kind === "template") return this.#setTemplate(`image-${step.which}`);
    if (step.kind === "sets") return this.#reconcileSet(this.sets[step.which % Math.max(1, this.sets.length)]);
    const pod = this.pods[step.which % Math.max(1, this.pods.length)];
    if (pod) pod.ready = true;
  }

  /** Everybody works until nothing is left to do. @throws when that never happens */
  settle(): void {
    for (let round = 0; round < 100; round += 1) {
      const before = JSON.stringify([this.sets, this.pods]);
      for (const pod of this.pods) pod.ready = true;
      for (const set of this.sets) this.#reconcileSet(set);
      this.#plan();
      if (JSON.stringify([this.sets, this.pods]) === before) return;
    }
    throw new Error(`never settles: ${JSON.stringify([this.sets, this.pods])}`);
  }

  available(): number {
    return this.pods.filter(({ ready }) => ready).length;
  }

  #setTemplate(image: string): void {
    this.image = image;
    const spec = this.deployment.spec as DeploymentSpec;
    this.deployment = { ...this.deployment, spec: { ...spec, template: templateOf(image) } };
  }

  #plan(): void {
    const observation = { deployment: this.deployment, replicaSets: this.sets, orphans: [], pods: [], nowMs: 0 };
    for (const action of planDeployment(observation)) this.#execute(action);
  }

  #execute(action: DeploymentAction): void {
    if (action.kind === "adopt") throw new Error("there are no orphans in this world");
    if (action.kind === "delete") {
      this.sets = this.sets.filter((set) => set !== action.replicaSet);
    } else if (action.kind === "create") {
      this.#made += 1;
      const { name, replicas, revision } = action;
      const made = replicaSet(name, { image: this.image, replicas, revision });
      this.sets.push({ ...made, status: { replicas: 0 } });
    } else if (action.kind === "refresh") {
      const annotations = { [revisionAnnotation]: String(action.revision) };
      this.#replace(action.replicaSet, (set) => ({ ...set, metadata: { ...set.metadata, annotations } }));
    } else {
      this.#replace(action.replicaSet, (set) => ({
        ...set,
        metadata: { ...set.metadata, generation: (set.metadata?.generation ?? 0) + 1 },
        spec: { ...set.spec, selector: set.spec?.selector ?? {}, replicas: action.replicas },
      }));
    }
  }

  #replace(old: ReplicaSet, change: (set: ReplicaSet) => ReplicaSet): void {
    this.sets = this.sets.map((set) => (set === old ? change(set) : set));
  }

  /** Writes the status first, then makes and removes pods, as the real controller does. */
  #reconcileSet(target: ReplicaSet | undefined): void {
    if (!target) return;
    const name = target.metadata?.name ?? "";
    const owned = this.pods.filter(({ set }) => set === name).map(asPod);
    const observation = { replicaSet: target, owned, orphans: [], nowMs: 0 };
    const status = replicaSetStatus(observation);
    for (const action of planReplicaSet(observation)) {
      if (action.kind === "create")
        for (let n = 0; n < action.count; n += 1)
          this.#makePod(name, target.spec?.template?.spec?.containers[0]?.image);
      if (action.kind === "delete") this.pods = this.pods.filter((pod) => pod.name !== action.pod.metadata?.name);
    }
    this.#replace(target, (set) => ({ ...set, status }));
  }

  #makePod(set: string, image = ""): void {
    this.#made += 1;
    this.pods.push({ name: `p${this.#made}`, set, image, ready: false });
  }
}

function asPod({ name, set, ready }: WorldPod): Pod {
  return {
    metadata: { name, namespace: "n", labels: { app: "d", set } },
    spec: { nodeName: "node", containers: [] },
    status: { phase: "Running", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}
