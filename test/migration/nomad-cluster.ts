/** The guest that counts (./nomad.ts) on a real Kubernetes of two nodes, both of which mount its claim. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { type ApiTools, apiTools, eventually } from "../embedded/instance.ts";
import { hostPathClaim } from "../fixtures/host-path-claim.ts";
import { installVmpod } from "../parity/cluster-target.ts";
import { createNomad, type Nomad } from "./nomad.ts";

export interface NomadCluster {
  cluster: Cluster;
  tools: ApiTools;
  nomad: Nomad;
  /** Begins the cgroups of its pods, on either node. */
  name: string;
  /** Where the guest is, as its object says. */
  nodeName(): string;
  /** What one would look at first. */
  describe(): string;
  /** @returns its pid */
  untilOneQemu(): Promise<number>;
  /** Changes the KubeVirt object's configuration, as a merge patch. */
  configure(configuration: object): void;
  /** Of migrations, as a quantity; "0" for none. Slow enough for others to come in between. */
  limitBandwidth(bytesPerSecond: string): void;
  stop(): Promise<void>;
}

const oneQemuMs = 60_000;

/** On the cluster that the environment variable CLUSTER numbers, or the first that is free. */
export async function startNomadCluster(say: (line: string) => void): Promise<NomadCluster> {
  const shared = mkdtempSync(join(tmpdir(), "vmpod-shared-"));
  // The kubelet changes nobody's rights on a directory of the host's.
  chmodSync(shared, 0o755);
  const number = process.env["CLUSTER"];
  const cluster = await startCluster({
    ...(number !== undefined && { number: Number(number) }),
    onProgress: ({ step }) => say(step),
  });
  const stop = async () => {
    await cluster.stop();
    rmSync(shared, { recursive: true });
  };
  try {
    await installVmpod(cluster, say);
    say("starting the guest");
    const home = describeHome(cluster, shared);
    await home.nomad.create();
    return { ...home, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function describeHome(cluster: Cluster, shared: string): Omit<NomadCluster, "stop"> {
  const tools = apiTools(cluster.kubeconfig);
  const name = `kubetest${cluster.number}/n\\d+/kubepods(?:/\\w+)?`;
  const nomad = createNomad(
    { ...tools, name },
    { claim: hostPathClaim("ledger", "16Mi", shared), evictionStrategy: "LiveMigrate" },
  );
  const configure = (configuration: object) => {
    const patch = JSON.stringify({ spec: { configuration } });
    tools.kubectl("patch", "kubevirt", "-n", "vmpod", "kubevirt", "--type=merge", "-p", patch);
  };
  return {
    cluster,
    tools,
    nomad,
    configure,
    name,
    nodeName: () => nomad.vmiField(".status.nodeName"),
    describe: () => tools.kubectl("get", "vm,vmim,vmi,pods", "-o", "wide") + nomad.vmiField(".status.migrationState"),
    async untilOneQemu() {
      const look = () => (nomad.qemus().length === 1 ? nomad.qemus() : undefined);
      const [qemu] = await eventually("one QEMU is left", oneQemuMs, look);
      return qemu?.pid ?? 0;
    },
    limitBandwidth: (bytesPerSecond) => configure({ migrations: { bandwidthPerMigration: bytesPerSecond } }),
  };
}
