/** As if there were a node: an instance whose launcher pod is there gets a guest that runs. */
import { pods } from "../../api/core.ts";
import { virtualMachineInstances } from "../../api/kubevirt/resources.ts";
import { waitFor } from "../../src/client/wait-for.ts";
import { timeoutMs, type VmApiServer } from "./vm-api-server.ts";

const namespace = "default";

/** @returns the name of its pod */
export async function letRun({ client }: VmApiServer, name: string, node: string): Promise<string> {
  const becomes = (phase: string) =>
    waitFor(client, virtualMachineInstances, { namespace, name }, (vmi) => vmi?.status?.phase === phase, { timeoutMs });
  await becomes("Scheduling");
  const labelSelector = `vm.kubevirt.io/name=${name}`;
  const podName = (await client.list(pods, { namespace, labelSelector })).items[0]?.metadata?.name ?? "";
  const target = { apiVersion: "v1", kind: "Node", name: node };
  const binding = { apiVersion: "v1", kind: "Binding", metadata: { name: podName }, target };
  await client.request("POST", `/api/v1/namespaces/${namespace}/pods/${podName}/binding`, binding);
  const compute = { name: "compute", image: "a", imageID: "a", ready: true, restartCount: 0, state: { running: {} } };
  const status = { phase: "Running", podIP: "10.0.0.1", containerStatuses: [compute] };
  const onStatus = { subresource: "status" } as const;
  await client.patch(pods, { namespace, name: podName }, { type: "merge", body: { status } }, onStatus);
  await becomes("Scheduled");
  const runs = { type: "merge", body: { status: { phase: "Running", nodeName: node } } } as const;
  await client.patch(virtualMachineInstances, { namespace, name }, runs, onStatus);
  return podName;
}
