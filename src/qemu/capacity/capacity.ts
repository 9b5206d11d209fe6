/**
 * Processors and memory of a machine that runs, and how it gets more of them. A machine is started with room for both (`maxSockets`,
 * `maxBytes` of ../domain/domain.ts): QEMU lists a place for each socket that may come, and has one virtio-mem device that memory is
 * asked of. What a guest has been given is not taken from it again; that needs a restart.
 */
import { hotMemoryId } from "../domain/ids.ts";
import type { QmpClient } from "../qmp/client.ts";
import type { HotPluggableCpu } from "../qmp/commands.ts";
import { QmpError } from "../qmp/errors.ts";
import { makeRoomForVcpu, type Stir } from "./room-for-vcpu.ts";

export interface HotMemory {
  /** Where it begins in the guest's physical addresses. */
  address: number;
  requestedBytes: number;
  /** What the guest has taken of that. */
  pluggedBytes: number;
  maxBytes: number;
}

export interface ObservedCapacity {
  /** One place for each thread that the machine may have. Empty for machines that take none. */
  processors: readonly HotPluggableCpu[];
  /** Absent: the machine takes no more memory than it started with. */
  hotMemory: HotMemory | undefined;
}

export const noCapacity: ObservedCapacity = { processors: [], hotMemory: undefined };

export interface Capacity {
  sockets: number;
  /** Beyond what the machine started with. */
  hotMemoryBytes: number;
}

export type CapacityAction =
  | { type: "plugProcessor"; processor: HotPluggableCpu }
  | { type: "requestMemory"; bytes: number };

const hotMemoryPath = `/machine/peripheral/${hotMemoryId}`;

export async function observeCapacity(qmp: QmpClient, devices: ReadonlyMap<string, string>): Promise<ObservedCapacity> {
  const [processors, hotMemory] = await Promise.all([
    observeProcessors(qmp),
    devices.has(hotMemoryId) ? observeHotMemory(qmp) : undefined,
  ]);
  return { processors, hotMemory };
}

async function observeProcessors(qmp: QmpClient): Promise<HotPluggableCpu[]> {
  try {
    return await qmp.execute("query-hotpluggable-cpus");
  } catch (error) {
    if (error instanceof QmpError) return [];
    throw error;
  }
}

async function observeHotMemory(qmp: QmpClient): Promise<HotMemory> {
  const [address, requestedBytes, pluggedBytes] = await Promise.all(
    ["memaddr", "requested-size", "size"].map((property) => qmp.execute("qom-get", { path: hotMemoryPath, property })),
  );
  const memdev = await qmp.execute("qom-get", { path: hotMemoryPath, property: "memdev" });
  const maxBytes = await qmp.execute("qom-get", { path: String(memdev), property: "size" });
  return {
    address: Number(address),
    requestedBytes: Number(requestedBytes),
    pluggedBytes: Number(pluggedBytes),
    maxBytes: Number(maxBytes),
  };
}

/** How many sockets have all their threads. */
export function socketsOf({ processors }: ObservedCapacity): number {
  const sockets = new Set(processors.map(({ props }) => props["socket-id"]));
  for (const { props, "qom-path": path } of processors) if (path === undefined) sockets.delete(props["socket-id"]);
  return sockets.size;
}

/** Pure. Grows only; socket by socket, so that a target that is started with so many has the same ones. */
export function planCapacity(wanted: Capacity, { processors, hotMemory }: ObservedCapacity): CapacityAction[] {
  const missing = processors.filter(
    ({ props, "qom-path": path }) => path === undefined && (props["socket-id"] ?? 0) < wanted.sockets,
  );
  const bytes = Math.min(wanted.hotMemoryBytes, hotMemory?.maxBytes ?? 0);
  return [
    ...missing.sort(bySocket).map((processor): CapacityAction => ({ type: "plugProcessor", processor })),
    ...(hotMemory && bytes > hotMemory.requestedBytes ? [{ type: "requestMemory", bytes } as const] : []),
  ];
}

const placeOf = ({ props }: HotPluggableCpu): number[] =>
  (["socket-id", "core-id", "thread-id"] as const).map((name) => props[name] ?? 0);

function bySocket(left: HotPluggableCpu, right: HotPluggableCpu): number {
  const other = placeOf(right);
  return placeOf(left).reduce((order, id, index) => order || id - (other[index] ?? 0), 0);
}

/** @param stir gives a running guest something to do, see ./room-for-vcpu.ts */
export async function applyCapacityAction(qmp: QmpClient, action: CapacityAction, stir?: Stir): Promise<void> {
  if (action.type === "requestMemory") {
    await qmp.execute("qom-set", { path: hotMemoryPath, property: "requested-size", value: action.bytes });
    return;
  }
  const places = await observeProcessors(qmp);
  const present = places.filter(({ "qom-path": path }) => path !== undefined).length;
  await makeRoomForVcpu(qmp, { present, places: places.length }, stir);
  const { type, props } = action.processor;
  await qmp.execute("device_add", { driver: type, id: `cpu-${placeOf(action.processor).join("-")}`, ...props });
}
