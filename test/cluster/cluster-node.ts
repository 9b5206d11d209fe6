/** A node as tests see it: to look into, and to lose. */
import { exec, type ExecOptions } from "../../src/base/exec.ts";
import { execIn, shellIn } from "./machine.ts";
import { bootNode, containerdSocketOf, importImage, startNodeAgents } from "./node.ts";
import type { ClusterPlan } from "./plan.ts";
import { killProcesses } from "./processes.ts";
import { type ClusterState, writeState } from "./state.ts";

export interface ClusterNode {
  name: string;
  ip: string;
  podCidr: string;
  /** Host pid of its first process: for nsenter and /proc/PID/root. Another one after `powerOn`. */
  readonly pid: number;
  /** To be dialled from the host. */
  containerdSocket: string;
  importImage(tarPath: string): Promise<void>;
  /** Runs a program in the node's namespaces, as a root shell on it would. @throws CommandError */
  nodeExec(argv: readonly string[], options?: ExecOptions): Promise<string>;
  ctr(...args: string[]): Promise<string>;
  /** A loss of power: everything on it ends at once, nobody is told. */
  vanish(): Promise<void>;
  /** After `vanish`: its disks are as they were. */
  powerOn(): Promise<void>;
  /** Pulls its network cable: what runs on it goes on. */
  disconnect(): Promise<void>;
  reconnect(): Promise<void>;
}

export function openNode(plan: ClusterPlan, state: ClusterState, index: number): ClusterNode {
  const node = plan.nodes[index];
  if (!node) throw new RangeError(`cluster ${plan.number} has no node ${index}`);
  const machine = () => {
    const found = state.nodes[index];
    if (!found) throw new RangeError(`cluster ${plan.number} has no machine for ${node.name}`);
    return found;
  };
  const setLink = async (change: "up" | "down") =>
    await shellIn(state.controlPlane, [`ip link set ${node.name} ${change}`]);
  return {
    name: node.name,
    ip: node.ip,
    podCidr: node.podCidr,
    get pid() {
      return machine().init.pid;
    },
    containerdSocket: containerdSocketOf(node),
    importImage: async (tarPath) => await importImage(node, tarPath),
    nodeExec: async (argv, options) => await execIn(machine(), argv, options),
    ctr: async (...args) =>
      await exec(["ctr", "--address", containerdSocketOf(node), "--namespace", "k8s.io", ...args]),
    vanish: async () => await killProcesses([machine().init]),
    async powerOn() {
      const options = { plan, node, ...state };
      const booted = await bootNode(options);
      startNodeAgents(booted, options);
      state.nodes[index] = booted;
      await writeState(plan, state);
    },
    disconnect: async () => await setLink("down"),
    reconnect: async () => await setLink("up"),
  };
}
