/**
 * Fields of upstream's main branch that the TypeScript package does not have: newer than it, or lost by the
 * generator that made it (nullable times of conditions, ports of probes).
 */
import { type Definitions, refPrefix, type Schema } from "../../src/apimachinery/schema/schema.ts";

const text: Schema = { type: "string" };
const flag: Schema = { type: "boolean" };
const count: Schema = { type: "integer" };
const portNumberOrName: Schema = {
  "x-kubernetes-int-or-string": true,
  anyOf: [{ type: "integer" }, { type: "string" }],
};
const list = (items: Schema): Schema => ({ type: "array", "x-kubernetes-list-type": "atomic", items });
const object = (properties: Record<string, Schema>, required?: string[]): Schema => ({
  type: "object",
  ...(required && { required }),
  properties,
});

/** `quantity` and `time` are the caller's, so that all look the same. */
export function addNewerFields(definitions: Definitions, quantity: Schema, time: Schema): void {
  const experimental = object({
    compression: text,
    downtimeTuning: object({ cooldownSeconds: count, initialMs: count, startAfterIteration: count, steps: count }),
    stallDetector: object({
      completionTimeoutFactor: quantity,
      ewmaAlpha: quantity,
      patienceWindowDecayFactor: quantity,
      precopyPossibleFactor: quantity,
      searchLocalMinima: flag,
      stallMargin: count,
      stallProgressTimeout: count,
      switchoverTimeout: count,
    }),
  });
  const migration = { experimental, maxDowntimeMs: count };
  const added: Record<string, Record<string, Schema>> = {
    V1Interface: {
      portRanges: list(object({ start: count, end: count, protocol: text }, ["end", "protocol", "start"])),
    },
    K8sIoApiCoreV1HTTPGetAction: { port: portNumberOrName },
    K8sIoApiCoreV1TCPSocketAction: { port: portNumberOrName },
    V1Network: { resourceClaim: object({ claimName: text, requestName: text }) },
    V1VirtualMachineInstanceSpec: { serviceAccountName: text },
    V1KubeVirtConfiguration: { persistentReservationConfiguration: object({ enabled: flag }) },
    V1VirtualMachineInstanceBackupStatus: { quiesceStatus: text },
    V1MigrationConfiguration: migration,
    V1alpha1MigrationPolicySpec: migration,
    V1beta1VirtualMachinePreferenceSpec: { preferredLaunchSecurity: { $ref: `${refPrefix}V1LaunchSecurity` } },
    V1beta1DataVolumeSourceHTTP: { checksum: text, insecureSkipVerify: flag },
    V1beta1DataVolumeSourceImageIO: { insecureSkipVerify: flag },
    V1beta1DataVolumeSourceVDDK: { certConfigMap: text },
    V1beta1DataVolumeSpec: { serviceAccountName: text },
    V1beta1DataImportCronSpec: { serviceAccountName: text },
    V1beta1CDIConfigSpec: { webhookPvcRendering: text },
  };
  for (const [name, fields] of Object.entries(added)) addFields(definitions[name], fields);
  for (const [name, schema] of Object.entries(definitions)) {
    if (name.endsWith("Condition")) addFields(schema, { lastProbeTime: time, lastTransitionTime: time });
  }
}

/** A field that the package knows by now stays as the package has it. */
function addFields(schema: Schema | undefined, fields: Record<string, Schema>): void {
  if (schema) schema.properties = { ...fields, ...schema.properties };
}
