/**
 * Everything that vmpod does about a machine, told by the pure functions that decide it: the launcher pod with QEMU's command line, what is
 * attached to QEMU, what is in its media, the network in its pod, when it starts and whether it is evicted. What merely repeats the
 * machine (its status) is left out.
 */
import { createHash } from "node:crypto";
import type { Pod } from "../../api/core.ts";
import { mayEvict } from "../../api/kubevirt/eviction.ts";
import { defaultConfiguration } from "../../api/kubevirt/configuration.ts";
import { vmiConditions } from "../../api/kubevirt/conditions.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec } from "../../api/kubevirt/types.ts";
import { TerminalError } from "../../src/base/errors.ts";
import { withPluggedVolumes } from "../../src/controllers/virtualmachine/plug-volumes.ts";
import { type LauncherContext, renderLauncherPod } from "../../src/controllers/virtualmachineinstance/launcher/pod.ts";
import { dhcpArgv } from "../../src/network/dhcp-argv.ts";
import { usesPasst } from "../../api/kubevirt/passt.ts";
import { masqueradeRulesets } from "../../src/network/ruleset.ts";
import { credentialSecrets, wantedCredentials } from "../../src/node/credentials/wanted.ts";
import { mediumContent } from "../../src/node/disks/build-medium.ts";
import { diskSources } from "../../src/node/disks/disk-source.ts";
import { bridgedRequest, networkRequest, passtRequest } from "../../src/node/domain/connect-network.ts";
import { desiredDevices, guestInterfaces } from "../../src/node/domain/desired-devices.ts";
import { openTrays } from "../../src/node/domain/first-start.ts";
import { driversOf, someMachine, someObservation } from "../../src/node/domain/observation.fixture.ts";
import { plan } from "../../src/node/domain/plan.ts";
import { planDevices } from "../../src/qemu/devices/plan.ts";
import { driveId, placeholderNode } from "../../src/qemu/domain/ids.ts";

export async function machineOutcome(vmi: VirtualMachineInstance): Promise<string> {
  return JSON.stringify([
    pods(vmi),
    diskSources(vmi.spec),
    orRefusal(() => attached(vmi)),
    await media(vmi),
    network(vmi),
    agentSteps(vmi),
    evictions(vmi),
    credentials(vmi),
    openTrays(vmi),
    plugged(vmi),
  ]);
}

function pods(vmi: VirtualMachineInstance): unknown {
  const context = { launcherImage: "launcher", blockClaims: new Set<string>(), configuration: defaultConfiguration };
  const contexts: LauncherContext[] = [
    { ...context, accelerator: "kvm", imageVolumes: true },
    { ...context, accelerator: "tcg", imageVolumes: false },
  ];
  return contexts.map((each) => withoutHandedOn(renderLauncherPod(vmi, each), vmi));
}

/** Annotations of a machine, and its labels, come to its pod whatever they say. */
function withoutHandedOn(pod: Pod, { metadata }: VirtualMachineInstance): Pod {
  const without = (all: Record<string, string> = {}, handedOn: Record<string, string> = {}) =>
    Object.fromEntries(Object.entries(all).filter(([name, value]) => handedOn[name] !== value));
  const annotations = without(pod.metadata?.annotations, metadata?.annotations);
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations, labels: without(pod.metadata?.labels, metadata?.labels) },
  };
}

/** Every disk has its file. */
function prepared(vmi: VirtualMachineInstance) {
  return diskSources(vmi.spec).map((disk) => ({ ...disk, image: { format: "raw" as const, path: disk.source.path } }));
}

/** To a QEMU as it is started: free ports, and its SATA drives. */
function emptyMachine(vmi: VirtualMachineInstance) {
  const { disks = [] } = vmi.spec.domain.devices;
  const sata = disks.filter((disk) => (disk.disk ?? disk.cdrom)?.bus === "sata").map(({ name }) => name);
  const ports = Array.from({ length: 16 }, (_, index) => `port${index}`);
  return {
    devices: driversOf(...ports, ...sata.map(driveId)),
    blockNodes: new Set(sata.map(placeholderNode)),
    netdevs: new Set<string>(),
    media: new Map<string, string>(),
    freePorts: ports,
  };
}

function attached(vmi: VirtualMachineInstance): unknown {
  return planDevices(desiredDevices(vmi, prepared(vmi)), emptyMachine(vmi));
}

/** What is found out only then is told by the machine's conditions. */
function orRefusal(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    if (error instanceof TerminalError) return error.message;
    throw error;
  }
}

/** Each Secret and ConfigMap holds what tells it from the others. */
async function media(vmi: VirtualMachineInstance): Promise<string[]> {
  const mounted = (path: string) =>
    Promise.resolve({
      userdata: Buffer.from(path),
      networkdata: Buffer.from(path),
      key: Buffer.from(path),
      "unattend.xml": Buffer.from(path),
    });
  const contents = diskSources(vmi.spec).map(async ({ source }) =>
    source.type === "medium" ? digest(await mediumContent({ vmi, mounted }, source.volume)) : "",
  );
  return Promise.all(contents);
}

/** But for the time that an ISO carries. */
function digest(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function network(vmi: VirtualMachineInstance): unknown {
  const pod = { metadata: { uid: "pod-uid" }, spec: { hostname: "pod", containers: [] } };
  const place = {
    resolver: { servers: ["10.43.0.10"], servers6: [], searchDomains: [] },
    pidFile: "/pid",
    cgroups: [],
  };
  return guestInterfaces(vmi).map((nic) => {
    if (usesPasst(nic)) return passtRequest({ vmi, pod, nic }, place);
    if (!nic.masquerade) return bridgedRequest({ vmi, pod, nic, hasStarted: false }, place);
    const request = networkRequest({ vmi, pod, nic }, place);
    const withMtu = { ...request.network, mtu: 1500 };
    return [dhcpArgv({ ...request, network: withMtu }), masqueradeRulesets(withMtu).map(({ script }) => script)];
  });
}

/** Into a machine that runs without its volumes; and what it loses when it is to have none. */
function plugged({ spec }: VirtualMachineInstance): unknown {
  const { devices } = spec.domain;
  const bare = { ...spec, volumes: [], domain: { ...spec.domain, devices: { ...devices, disks: [] } } };
  const namesAfter = (instance: VirtualMachineInstanceSpec, wanted: VirtualMachineInstanceSpec) =>
    withPluggedVolumes(instance, wanted).domain.devices.disks?.map(({ name }) => name);
  return [namesAfter(bare, spec), namesAfter(spec, bare)];
}

/** Each Secret holds what tells it from the others. */
function credentials({ spec }: VirtualMachineInstance): unknown {
  const secrets = credentialSecrets(spec).map((name) => [name, { user: Buffer.from(name) }] as const);
  return wantedCredentials(spec, Object.fromEntries(secrets));
}

/** With nothing attached yet, and with everything: whether it is then started, and how. */
function agentSteps(vmi: VirtualMachineInstance): unknown {
  const scheduled = { ...vmi, status: { ...vmi.status, phase: "Scheduled" } };
  const machine = someMachine({ runState: "prelaunch", devices: completeMachine(vmi) });
  const observation = someObservation({ vmi: scheduled, disks: prepared(vmi), machine, consoleOpen: false });
  const steps = (change: object) => orRefusal(() => plan({ ...observation, ...change }).map(({ type }) => type));
  return [steps({}), steps({ consoleOpen: true })];
}

function completeMachine(vmi: VirtualMachineInstance) {
  const { disks = [], interfaces = [] } = vmi.spec.domain.devices;
  const drives = disks.map(({ name }) => driveId(name));
  const media = new Map(disks.filter(({ cdrom }) => cdrom).map(({ name }) => [driveId(name), driveId(name)]));
  const devices = driversOf("scsi0", ...drives, ...interfaces.map(({ name }) => `nic-${name}`));
  return { devices, blockNodes: new Set(drives), netdevs: new Set<string>(), media, freePorts: [] };
}

function evictions(vmi: VirtualMachineInstance): unknown {
  return ["True", "False"].map((status) => {
    const conditions = [{ type: vmiConditions.liveMigratable, status }];
    return mayEvict(
      { ...vmi, status: { conditions, nodeName: "node" } },
      { nodeName: "node" },
      { evictionStrategy: undefined },
    );
  });
}
