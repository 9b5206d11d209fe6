/** `vmpod install`, `upgrade` and `uninstall` on a real Kubernetes, as an administrator uses them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { stringify } from "yaml";
import { exec } from "../../../src/base/exec.ts";
import { defaultTag } from "../../../src/install/image-names.ts";
import { bin, eventually, type Output, run, succeed } from "../../embedded/instance.ts";
import { machine } from "../../embedded/machines.ts";
import { type Cluster, startCluster } from "../cluster.ts";

const images = ["vmpod", "launcher", "guest", "busybox"];
const launcherName = "localhost/vmpod/launcher";
const stepMs = 600_000;
const helmProgram = resolve("node_modules/.bin/helm");
const chart = resolve("deploy/helm/vmpod");

describe("vmpod on a cluster", () => {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-install-test-"));
  let cluster: Cluster;
  /** By its content. */
  let vmpodImage = "";

  before(async () => {
    cluster = await startCluster({ onProgress: ({ step }) => console.error(step) });
    const saved = run([bin, "images", "save", directory, ...images], { timeoutMs: stepMs });
    vmpodImage = /localhost\/vmpod\/vmpod:[0-9a-f]{12}/.exec(succeed(saved, "vmpod images save"))?.[0] ?? "";
    for (const image of images) await cluster.importImage(join(directory, `${image}.tar`));
  });
  after(async () => {
    await cluster.stop();
    rmSync(directory, { recursive: true });
  });

  const vmpod = (...args: string[]): Output =>
    run([bin, "--kubeconfig", cluster.kubeconfig, ...args], { timeoutMs: stepMs });
  const get = (...args: string[]) => cluster.kubectl("get", "-o", "json", ...args);
  const names = async (...args: string[]) =>
    (await cluster.kubectl("get", "-o", "name", ...args)).split("\n").filter(Boolean);
  const apply = (...objects: object[]) =>
    cluster.kubectlWith(
      { input: JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }) },
      "apply",
      "-f",
      "-",
    );

  it("refuses beside an upstream KubeVirt, says what it found, and touches nothing", async () => {
    await cluster.kubectl("create", "namespace", "kubevirt");
    await apply(deploymentOf("virt-operator", "kubevirt"));
    const { status, stderr } = vmpod("install");
    assert.equal(status, 1);
    assert.match(stderr, /another KubeVirt[^]*Deployment kubevirt\/virt-operator[^]*Remove it first/);
    assert.deepEqual(await names("namespace", "vmpod", "--ignore-not-found"), []);
    assert.deepEqual(await names("crd"), []);
    await cluster.kubectl("delete", "namespace", "kubevirt");
  });

  it("refuses whoever may not do all of it, and names what is missing", async () => {
    const kubeconfig = await kubeconfigOfNobody();
    const { status, stderr } = run([bin, "--kubeconfig", kubeconfig, "install"]);
    assert.equal(status, 1);
    assert.match(stderr, /you may not do[^]*create customresourcedefinitions\.apiextensions\.k8s\.io[^]*cluster-admin/);
    assert.deepEqual(await names("namespace", "vmpod", "--ignore-not-found"), []);
  });

  it("installs, says when all of it answers, and finds nothing to do the second time", async () => {
    const installed = succeed(vmpod("install", "--image-pull-policy", "Never"), "vmpod install");
    assert.match(installed, /controller, API extension and node agents: 6 created/);
    assert.match(installed, /ready: kubectl get vm -A\n$/);
    const again = succeed(vmpod("install"), "vmpod install");
    assert.doesNotMatch(again, /created|\d changed/);
    for (const name of ["v1", "v1alpha3"]) {
      const service = JSON.parse(await get("apiservice", `${name}.subresources.kubevirt.io`)) as Conditioned;
      assert.equal(service.status.conditions.find(({ type }) => type === "Available")?.status, "True");
    }
    await cluster.kubectl("wait", "--for=condition=Available", "-n", "vmpod", "kubevirt/kubevirt", "--timeout=60s");
  });

  it("gives people the roles of KubeVirt through the cluster's own", async () => {
    await cluster.kubectl("create", "rolebinding", "jane", "--clusterrole=edit", "--user=jane");
    const can = async (verb: string, group: string, resource: string, subresource = "") => {
      const resourceAttributes = { namespace: "default", verb, group, resource, subresource };
      const review = {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: { user: "jane", resourceAttributes },
      };
      const input = JSON.stringify(review);
      const answer = await cluster.kubectlWith({ input }, "create", "-f", "-", "-o", "jsonpath={.status.allowed}");
      return answer === "true";
    };
    await eventually("edit holds the rights on machines", 30_000, async () =>
      (await can("create", "kubevirt.io", "virtualmachines")) ? true : undefined,
    );
    assert.ok(await can("update", "subresources.kubevirt.io", "virtualmachines", "start"));
    assert.ok(await can("get", "subresources.kubevirt.io", "virtualmachineinstances", "console"));
    assert.ok(await can("list", "kubevirt.io", "virtualmachineinstancemigrations"));
    assert.ok(!(await can("create", "kubevirt.io", "virtualmachineinstancemigrations")));
  });

  it("runs a machine", async () => {
    await apply(machine({ name: "subject" }));
    await eventually(
      "the machine runs",
      180_000,
      async () => ((await phaseOf("subject")) === "Running" ? true : undefined),
      () => run(["kubectl", "--kubeconfig", cluster.kubeconfig, "get", "vm,vmi,pods", "-A", "-o", "wide"]).stdout,
    );
  });

  it("blocks nothing but changes of machines while the API extension is away", async () => {
    await cluster.kubectl("scale", "-n", "vmpod", "deployment/vmpod-api-extension", "--replicas=0");
    await eventually("its pods are gone", 90_000, async () => {
      const left = await names("-n", "vmpod", "pods", "-l", "app.kubernetes.io/name=vmpod-api-extension");
      return left.length === 0 ? true : undefined;
    });
    await assert.rejects(apply(machine({ name: "refused" })), /failed calling webhook "defaults\.vmpod\.dev"/);
    await apply(deploymentOf("ordinary", "default"));
    await cluster.kubectl("rollout", "status", "deployment/ordinary", "--timeout=60s");
    const [pod = ""] = await names("pods", "-l", "app=ordinary");
    const eviction = { apiVersion: "policy/v1beta1", kind: "Eviction", metadata: { name: pod.replace("pod/", "") } };
    const path = `/api/v1/namespaces/default/${pod.replace("pod/", "pods/")}/eviction`;
    await cluster.kubectlWith({ input: JSON.stringify(eviction) }, "create", "--raw", path, "-f", "-");
    assert.equal(await phaseOf("subject"), "Running");
    // Installing again puts right what was changed by hand.
    succeed(vmpod("install"), "vmpod install");
    await apply(machine({ name: "second", runStrategy: "Halted" }));
  });

  it("is upgraded under a running guest, and loses what this version does not have", async () => {
    const before = await launcherOf("subject");
    const labels = { "app.kubernetes.io/managed-by": "vmpod", "app.kubernetes.io/part-of": "vmpod" };
    await apply(clusterRole("vmpod-of-old", labels), clusterRole("somebody-elses", {}));
    const upgraded = succeed(vmpod("upgrade", "--vmpod-image", vmpodImage), "vmpod upgrade");
    assert.match(upgraded, /removed ClusterRole vmpod-of-old/);
    assert.deepEqual(await names("clusterrole", "vmpod-of-old", "somebody-elses", "--ignore-not-found"), [
      "clusterrole.rbac.authorization.k8s.io/somebody-elses",
    ]);
    const { items } = JSON.parse(await get("-n", "vmpod", "pods")) as { items: RunningPod[] };
    // Those of before may still be on their way out.
    const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    assert.deepEqual([...new Set(staying.map(({ spec }) => spec.containers[0]?.image))], [vmpodImage]);
    assert.deepEqual(await launcherOf("subject"), before);
    assert.equal(await phaseOf("subject"), "Running");
    // What was chosen once stays chosen.
    assert.match(succeed(vmpod("install"), "vmpod install"), /node agents: 6 unchanged/);
  });

  it("moves a running guest to another launcher, and evicts it where it may not be moved, as the KubeVirt resource says", async () => {
    const { uid } = await placeOf("subject");
    const boot = await bootOf("subject");
    await updateWorkloads("LiveMigrate", "Evict");
    await launcherBecomes("subject", await upgradeLauncher("second"));
    assert.equal(await bootOf("subject"), boot, "moved, it goes on");
    const migrations = await cluster.kubectl("get", "vmim", "-o", "jsonpath={.items[*].metadata.annotations}");
    assert.match(migrations, /kubevirt\.io\/workloadUpdateMigration/);
    await eventually("nothing is outdated", 30_000, async () => (await outdated()) === "0 []" || undefined, outdated);

    await updateWorkloads("Evict");
    const byDigest = await upgradeLauncher(`@${await digestOfLauncher()}`);
    await launcherBecomes("subject", byDigest);
    assert.notEqual((await placeOf("subject")).uid, uid, "evicted, it is started anew");
    assert.match(await cluster.kubectl("get", "events", "-o", "jsonpath={.items[*].reason}"), /SuccessfulEvict/);
    assert.notEqual(await bootOf("subject"), boot);
    await updateWorkloads();
  });

  it("tells of a machine whose node vanished, and starts it elsewhere once the node is given up", async () => {
    const { uid, nodeName } = await placeOf("subject");
    const node = cluster.nodes.find(({ name }) => name === nodeName);
    assert.ok(node);
    await node.vanish();
    const told = await eventually("the instance says so", 60_000, async () => {
      const { conditions, phase } = await placeOf("subject");
      const statusOf = (type: string) => conditions.find((each) => each.type === type);
      const unresponsive = statusOf("NodeUnresponsive");
      return unresponsive && { phase, reason: unresponsive.reason, ready: statusOf("Ready")?.status };
    });
    assert.deepEqual(told, { phase: "Running", reason: "NodeStatusUnknown", ready: "False" });
    await cluster.kubectl("delete", "node", nodeName);
    const next = await eventually("its successor runs", 240_000, async () => {
      const place = await placeOf("subject").catch(() => undefined);
      return place && place.uid !== uid && place.phase === "Running" ? place : undefined;
    });
    assert.notEqual(next.nodeName, nodeName);
    await node.powerOn();
    await eventually("the node is back, with its agent", 120_000, async () => {
      const labels = await cluster
        .kubectl("get", "node", nodeName, "-o", "jsonpath={.metadata.labels}")
        .catch(() => "");
      return labels.includes('"kubevirt.io/schedulable":"true"') || undefined;
    });
  });

  it("is not removed while there are machines", async () => {
    const { status, stderr } = vmpod("uninstall");
    assert.equal(status, 1);
    assert.match(stderr, /VirtualMachine default\/subject[^]*--with-machines/);
    assert.equal(await phaseOf("subject"), "Running");
  });

  it("is removed without a trace, and with nothing of others", async () => {
    await apply(claim("data"));
    const removed = succeed(vmpod("uninstall", "--with-machines"), "vmpod uninstall");
    assert.match(removed, /namespace vmpod is gone/);
    assert.deepEqual(await names("crd"), []);
    assert.deepEqual(await names("namespace", "vmpod", "--ignore-not-found"), []);
    const everything = ["clusterrole", "clusterrolebinding", "apiservice", "rolebinding", "pods"].join(",");
    const ours = (await names("-A", everything)).filter((name) => /vmpod|kubevirt|virt-launcher/.test(name));
    assert.deepEqual(ours, []);
    const hooks = await names("mutatingwebhookconfiguration,validatingwebhookconfiguration");
    assert.deepEqual(hooks, []);
    const nodes = JSON.parse(await get("nodes")) as { items: { metadata: { labels: object; annotations: object } }[] };
    for (const { metadata } of nodes.items) {
      const keys = [...Object.keys(metadata.labels), ...Object.keys(metadata.annotations)];
      assert.deepEqual(
        keys.filter((key) => /kubevirt\.io|vmpod\.dev/.test(key)),
        [],
      );
    }
    assert.deepEqual(await names("deployment/ordinary", "clusterrole/somebody-elses", "pvc/data"), [
      "deployment.apps/ordinary",
      "clusterrole.rbac.authorization.k8s.io/somebody-elses",
      "persistentvolumeclaim/data",
    ]);
  });

  it("is installed by Helm as well, and runs a machine", async () => {
    await helm("install", "vmpod", chart, "--create-namespace", "--set", "imagePullPolicy=Never", "--wait");
    await cluster.kubectl("wait", "--for=condition=Available", "-n", "vmpod", "kubevirt/kubevirt", "--timeout=120s");
    await apply(machine({ name: "helmsman" }));
    await eventually("the machine runs", 180_000, async () => (await phaseOf("helmsman")) === "Running" || undefined);
    await helm("upgrade", "vmpod", chart, "--set", "imagePullPolicy=Never", "--set", "replicas=1", "--wait");
    assert.equal(await phaseOf("helmsman"), "Running");
    await cluster.kubectl("delete", "vm", "helmsman", "--timeout=60s");
    await helm("uninstall", "vmpod");
    const hooks = await names("mutatingwebhookconfiguration,validatingwebhookconfiguration");
    assert.deepEqual(hooks, []);
    await eventually(
      "its pods are gone",
      60_000,
      async () => (await names("-n", "vmpod", "pods")).length === 0 || undefined,
    );
  });

  function helm(...argv: string[]): Promise<string> {
    return exec([helmProgram, "--kubeconfig", cluster.kubeconfig, "--namespace", "vmpod", ...argv], {
      timeoutMs: stepMs,
    });
  }

  async function phaseOf(name: string): Promise<string> {
    return await cluster.kubectl("get", "vmi", name, "--ignore-not-found", "-o", "jsonpath={.status.phase}");
  }

  async function placeOf(name: string): Promise<Place> {
    const { metadata, status } = JSON.parse(await get("vmi", name)) as { metadata: { uid: string }; status: Place };
    return { ...status, uid: metadata.uid };
  }

  /** Which pod and which container runs the guest: the same container is the same QEMU, and the same boot. */
  async function launcherOf(name: string): Promise<object> {
    const pods = JSON.parse(await get("pods", "-l", `vm.kubevirt.io/name=${name}`)) as { items: RunningPod[] };
    return pods.items.map(({ metadata, status }) => [
      metadata.uid,
      status.containerStatuses?.map(({ containerID, restartCount }) => [containerID, restartCount]),
    ]);
  }

  /** As its guest's agent tells. */
  function bootOf(name: string): Promise<string> {
    const ask = () => vmpod("exec", `vm/${name}`, "--", "cat", "/proc/sys/kernel/random/boot_id");
    return eventually(`the guest of ${name} tells its boot`, 120_000, () => {
      const { status, stdout } = ask();
      return status === 0 ? stdout : undefined;
    });
  }

  async function updateWorkloads(...workloadUpdateMethods: string[]): Promise<void> {
    const spec = { workloadUpdateStrategy: { workloadUpdateMethods, batchEvictionInterval: "2s" } };
    const patch = JSON.stringify({ spec });
    await cluster.kubectl("patch", "kubevirt", "-n", "vmpod", "kubevirt", "--type=merge", "-p", patch);
  }

  /** The same launcher by another name: what a node has is of no matter, what the pods name is. */
  async function upgradeLauncher(tagOrDigest: string): Promise<string> {
    const image = `${launcherName}${tagOrDigest.startsWith("@") ? "" : ":"}${tagOrDigest}`;
    for (const node of cluster.nodes) await node.ctr("images", "tag", `${launcherName}:${defaultTag}`, image);
    succeed(vmpod("upgrade", "--launcher-image", image), "vmpod upgrade");
    return image;
  }

  async function digestOfLauncher(): Promise<string> {
    const listed = (await cluster.nodes[0]?.ctr("images", "list", `name==${launcherName}:${defaultTag}`)) ?? "";
    return /sha256:[0-9a-f]{64}/.exec(listed)?.[0] ?? "";
  }

  async function launcherBecomes(name: string, image: string): Promise<void> {
    const seen = () => cluster.kubectl("get", "vmi", name, "--ignore-not-found", "-o", "jsonpath={.status}");
    await eventually(
      `${name} runs by ${image}`,
      180_000,
      async () => {
        const { phase, launcherContainerImageVersion } = JSON.parse((await seen()) || "{}") as Place;
        return (phase === "Running" && launcherContainerImageVersion === image) || undefined;
      },
      seen,
    );
  }

  /** What is counted, and who is marked. */
  async function outdated(): Promise<string> {
    const path = "jsonpath={.status.outdatedVirtualMachineInstanceWorkloads}";
    const marked = await names("vmi", "-l", "kubevirt.io/outdatedLauncherImage");
    return `${await cluster.kubectl("get", "kubevirt", "-n", "vmpod", "kubevirt", "-o", path)} [${marked.join()}]`;
  }

  async function kubeconfigOfNobody(): Promise<string> {
    await cluster.kubectl("create", "serviceaccount", "nobody");
    const secret = await eventually("the account has a token", 30_000, async () => {
      const found = await cluster.kubectl("get", "sa", "nobody", "-o", "jsonpath={.secrets[0].name}");
      return found || undefined;
    });
    const { data } = JSON.parse(await get("secret", secret)) as { data: Record<string, string> };
    const path = join(directory, "nobody.kubeconfig");
    const config = {
      "current-context": "nobody",
      clusters: [{ name: "c", cluster: { server: cluster.server, "certificate-authority-data": data["ca.crt"] } }],
      users: [{ name: "u", user: { token: Buffer.from(data["token"] ?? "", "base64").toString() } }],
      contexts: [{ name: "nobody", context: { cluster: "c", user: "u" } }],
    };
    writeFileSync(path, stringify(config));
    return path;
  }
});

interface Conditioned {
  status: { conditions: { type: string; status: string }[] };
}

interface Place {
  uid: string;
  launcherContainerImageVersion?: string;
  nodeName: string;
  phase: string;
  conditions: { type: string; status: string; reason?: string }[];
}

interface RunningPod {
  metadata: { uid: string; deletionTimestamp?: string };
  spec: { containers: { image: string }[] };
  status: { containerStatuses?: { containerID?: string; restartCount: number }[] };
}

function deploymentOf(name: string, namespace: string): object {
  const container = {
    name: "c",
    image: "localhost/vmpod/busybox:latest",
    imagePullPolicy: "Never",
    command: ["sleep", "3600"],
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 0, containers: [container] },
      },
    },
  };
}

function clusterRole(name: string, labels: Record<string, string>): object {
  return { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name, labels }, rules: [] };
}

function claim(name: string): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: "default" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };
}
