import assert from "node:assert/strict";
import { test } from "node:test";
import type { AdmissionRequest } from "../../../api/admission.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import { StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { secondaryNetworksPlugin } from "./secondary-networks.ts";

/** A server that has the kind, or has never heard of its group. */
const server = (resources: { name: string }[] | undefined): Client =>
  ({
    request: () =>
      resources ? Promise.resolve({ resources }) : Promise.reject(new StatusError("NotFound", "no group")),
  }) as unknown as Client;
const served = server([{ name: "network-attachment-definitions" }]);
const networks = [
  { name: "default", pod: {} },
  { name: "lan", multus: { networkName: "lan" } },
];
const vm = { spec: { template: { spec: { networks } } } };
const request = (resource: AdmissionRequest["resource"], object: object): AdmissionRequest => ({
  operation: "CREATE",
  resource,
  subresource: "",
  namespace: "n",
  name: "m",
  user: { name: "u", groups: [] },
  dryRun: false,
  object,
  oldObject: undefined,
});

const fieldOf = async (client: Client, { resource, ...rest }: AdmissionRequest) => {
  const plugin = secondaryNetworksPlugin(client);
  if (!plugin.matches({ resource, ...rest })) return "not asked";
  try {
    await plugin.validate?.({ resource, ...rest });
    return "admitted";
  } catch (error) {
    assert.ok(error instanceof StatusError);
    return error.details?.causes?.map(({ field }) => field).join();
  }
};

test("machines with more networks are refused where nobody attaches them", async () => {
  assert.equal(await fieldOf(served, request(virtualMachines, vm)), "admitted");
  for (const client of [server(undefined), server([])])
    assert.equal(await fieldOf(client, request(virtualMachines, vm)), "spec.template.spec.networks[1].multus");
  const vmi = { spec: { networks } };
  assert.equal(await fieldOf(server([]), request(virtualMachineInstances, vmi)), "spec.networks[1].multus");
  const own = { spec: { networks: [networks[0]] } };
  assert.equal(await fieldOf(server([]), request(virtualMachineInstances, own)), "not asked");
});
