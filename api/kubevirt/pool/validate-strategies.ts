/** Rules about how a VirtualMachinePool removes, changes and gives up machines. */
import { parseDurationMs } from "../../../src/base/duration.ts";
import { forbidden, invalid, notSupported, oneOf, setFields, type StatusCause } from "../validate/causes.ts";
import type { VirtualMachinePool } from "../resources.ts";
import { type SelectionPolicy, sharePercent, sortPolicies, statePreservations, strategyNames } from "./strategies.ts";

type Spec = VirtualMachinePool["spec"];

export function validateStrategies(spec: Spec): StatusCause[] {
  const { scaleInStrategy: scaleIn, updateStrategy: update } = spec;
  return [
    ...onlyOne(scaleIn, "spec.scaleInStrategy"),
    ...onlyOne(update, "spec.updateStrategy"),
    ...validateSelection(scaleIn?.proactive?.selectionPolicy, "spec.scaleInStrategy.proactive.selectionPolicy"),
    ...validateSelection(update?.proactive?.selectionPolicy, "spec.updateStrategy.proactive.selectionPolicy"),
    ...validatePreservation(scaleIn?.proactive, "spec.scaleInStrategy.proactive"),
    ...validatePreservation(scaleIn?.opportunistic, "spec.scaleInStrategy.opportunistic"),
    ...validateMaxUnavailable(spec.maxUnavailable),
    ...validateAutohealing(spec.autohealing),
  ];
}

function onlyOne(strategy: object | undefined, field: string): StatusCause[] {
  const [first, ...more] = setFields(strategy, strategyNames);
  return more.map((name) => forbidden(`${field}.${name}`, `only one strategy can be given: ${first} is given already`));
}

const nodeOperators = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];

function validateSelection(selection: SelectionPolicy | undefined, field: string): StatusCause[] {
  const requirements = selection?.selectors?.nodeSelectorRequirementMatcher ?? [];
  return [
    ...oneOf(`${field}.sortPolicy`, selection?.sortPolicy, sortPolicies),
    ...requirements.flatMap(({ operator }, index) =>
      nodeOperators.includes(operator)
        ? []
        : [
            notSupported(
              `${field}.selectors.nodeSelectorRequirementMatcher[${index}].operator`,
              operator,
              nodeOperators,
            ),
          ],
    ),
  ];
}

function validatePreservation(strategy: { statePreservation?: string } | undefined, parent: string): StatusCause[] {
  const [field, value] = [`${parent}.statePreservation`, strategy?.statePreservation];
  if (value === "Online")
    return [
      forbidden(field, "the memory of a machine that is removed cannot be kept yet: use Offline to keep its volumes"),
    ];
  // Who deletes the machine does not ask the pool.
  if (value === "Offline" && parent.endsWith("opportunistic"))
    return [forbidden(field, "only what the pool itself removes can leave its volumes: use proactive")];
  return oneOf(field, value, statePreservations);
}

function validateMaxUnavailable(value: number | string | undefined): StatusCause[] {
  if (value === undefined) return [];
  const amount = typeof value === "number" ? value : sharePercent(value);
  if (amount !== undefined && Number.isInteger(amount) && amount > 0) return [];
  return [
    invalid("spec.maxUnavailable", value, 'must be a whole number above 0, or a share of the machines, e.g. "25%"'),
  ];
}

function validateAutohealing(autohealing: Spec["autohealing"]): StatusCause[] {
  const { startUpFailureThreshold: threshold, minFailingToStartDuration: duration } = autohealing ?? {};
  return [
    ...(threshold === undefined || threshold > 0
      ? []
      : [invalid("spec.autohealing.startUpFailureThreshold", threshold, "must be greater than 0")]),
    ...(duration === undefined || parseDurationMs(duration) !== undefined
      ? []
      : [invalid("spec.autohealing.minFailingToStartDuration", duration, 'must be a duration, e.g. "5m" or "1h30m"')]),
  ];
}
