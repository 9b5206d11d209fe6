/** Rules about how the pod is named, placed, stopped and resolves names. */
import { invalid, isDnsLabel, oneOf, required, type StatusCause } from "./causes.ts";
import type { VirtualMachineInstanceSpec } from "../types.ts";

const maxNameservers = 3;
const maxSearchDomains = 32;

export function validatePlacement(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  return [
    ...validateLabel(spec.hostname, `${path}.hostname`),
    ...validateLabel(spec.subdomain, `${path}.subdomain`),
    ...oneOf(`${path}.evictionStrategy`, spec.evictionStrategy, [
      "None",
      "LiveMigrate",
      "LiveMigrateIfPossible",
      "External",
    ]),
    ...oneOf(`${path}.startStrategy`, spec.startStrategy, ["Paused"]),
    ...oneOf(`${path}.domain.rebootPolicy`, spec.domain.rebootPolicy, ["Reboot", "Terminate"]),
    ...validateGracePeriod(spec, `${path}.terminationGracePeriodSeconds`),
    ...validateDns(spec, path),
  ];
}

function validateLabel(text: string | undefined, field: string): StatusCause[] {
  if (!text || isDnsLabel(text)) return [];
  return [
    invalid(field, text, "is no DNS label: at most 63 of a-z, 0-9 and '-', with a letter or digit first and last"),
  ];
}

function validateGracePeriod(spec: VirtualMachineInstanceSpec, field: string): StatusCause[] {
  const seconds = spec.terminationGracePeriodSeconds;
  return seconds !== undefined && seconds < 0
    ? [invalid(field, seconds, "must not be negative: 0 means to stop at once")]
    : [];
}

function validateDns(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const { nameservers = [], searches = [] } = spec.dnsConfig ?? {};
  const field = `${path}.dnsConfig`;
  return [
    ...oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]),
    ...(spec.dnsPolicy === "None" && nameservers.length === 0
      ? [required(`${field}.nameservers`, "dnsPolicy None needs at least one name server")]
      : []),
    ...(nameservers.length > maxNameservers
      ? [invalid(`${field}.nameservers`, nameservers, `at most ${maxNameservers} are allowed`)]
      : []),
    ...(searches.length > maxSearchDomains
      ? [invalid(`${field}.searches`, `${searches.length} domains`, `at most ${maxSearchDomains} are allowed`)]
      : []),
  ];
}
