/** Rules about liveness and readiness probes: one handler, and a network to reach the guest by. */
import { invalid, required, type StatusCause, setFields } from "./causes.ts";
import type { Probe, VirtualMachineInstanceSpec } from "../types.ts";

const handlers = ["httpGet", "tcpSocket", "exec", "guestAgentPing"] as const;
const counts = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

export function validateProbes(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const onPodNetwork = (spec.networks ?? []).some((network) => network.pod);
  return (["livenessProbe", "readinessProbe"] as const).flatMap((name) => {
    const probe = spec[name];
    return probe === undefined ? [] : validateProbe(probe, `${path}.${name}`, onPodNetwork);
  });
}

function validateProbe(probe: Probe, field: string, onPodNetwork: boolean): StatusCause[] {
  const given = setFields(probe, handlers);
  return [
    ...(given.length === 0 ? [required(field, `one of ${handlers.join(", ")}`)] : []),
    ...(given.length > 1 ? [invalid(field, given, "must have exactly one handler: keep one of them")] : []),
    ...((probe.httpGet || probe.tcpSocket) && !onPodNetwork
      ? [invalid(`${field}.${given[0]}`, {}, "needs an interface on the pod network")]
      : []),
    ...(probe.exec && !probe.exec.command?.[0]
      ? [required(`${field}.exec.command`, "the program in the guest whose exit status counts")]
      : []),
    ...counts.flatMap((name) =>
      (probe[name] ?? 0) < 0 ? [invalid(`${field}.${name}`, probe[name], "must not be negative")] : [],
    ),
  ];
}
