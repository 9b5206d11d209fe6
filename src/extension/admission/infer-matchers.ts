/**
 * Fills in the instance type and the preference that a machine's volume is labelled with.
 *
 *   volume ──▶ PersistentVolumeClaim ─────────────────────────────▶ labels
 *          └─▶ DataVolume (or its template) ──▶ its labels, else ──▶ those of the claim or DataSource that it is filled from
 */
import { persistentVolumeClaims } from "../../../api/core.ts";
import { dataSources, dataVolumes, type DataVolume } from "../../../api/kubevirt/cdi-resources.ts";
import { matcherOf } from "../../../api/kubevirt/instancetype/matcher.ts";
import { type Matcher, type MatcherField, matcherFields } from "../../../api/kubevirt/instancetype/specs.ts";
import { inferenceLabels } from "../../../api/kubevirt/names.ts";
import type { VirtualMachine, Volume } from "../../../api/kubevirt/types.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { unlessNotFound } from "../../client/unless-not-found.ts";

/** Whoever asked to go on without may. */
class NothingToInfer extends Error {
  override readonly name = "NothingToInfer";
}

/** @throws StatusError BadRequest, as upstream, when the volume does not tell; NotFound when there is no such object */
export async function inferMatchers(client: Client, vm: VirtualMachine): Promise<VirtualMachine> {
  let inferred = vm;
  for (const field of matcherFields) {
    const matcher = matcherOf(inferred, field);
    if (matcher?.inferFromVolume && !matcher.name) inferred = await inferMatcher(client, inferred, field, matcher);
  }
  return inferred;
}

async function inferMatcher(
  client: Client,
  vm: VirtualMachine,
  field: MatcherField,
  matcher: Matcher,
): Promise<VirtualMachine> {
  const ignores = matcher.inferFromVolumeFailurePolicy === "Ignore";
  try {
    const volume = volumeOf(vm, field, matcher.inferFromVolume ?? "");
    const labels = await labelsOfVolume(client, vm, volume);
    const named = namedBy(labels, field);
    const next = withMatcher(vm, field, named);
    return ignores && field === "instancetype" ? withoutGuestMemory(next) : next;
  } catch (error) {
    if (!(error instanceof NothingToInfer)) throw error;
    if (ignores) return withMatcher(vm, field, undefined);
    throw refusal(field, error.message);
  }
}

function withMatcher(vm: VirtualMachine, field: MatcherField, matcher: Matcher | undefined): VirtualMachine {
  const { [field]: _, ...spec } = vm.spec;
  return { ...vm, spec: { ...spec, ...(matcher && { [field]: matcher }) } };
}

/** It was said for the case that there is nothing to infer. */
function withoutGuestMemory(vm: VirtualMachine): VirtualMachine {
  const copy = structuredClone(vm);
  const { domain } = copy.spec.template.spec;
  if (domain?.memory?.guest !== undefined) delete domain.memory.guest;
  return copy;
}

type Labels = Readonly<Record<string, string>>;

function namedBy(labels: Labels, field: MatcherField): Matcher {
  const name = labels[inferenceLabels[field]];
  const kind = labels[inferenceLabels[`${field}Kind`]];
  if (!name) throw new NothingToInfer(`unable to find required ${inferenceLabels[field]} label on the volume`);
  return { name, ...(kind && { kind }) };
}

/** That there is none is never ignored: it is a slip of the pen. */
function volumeOf(vm: VirtualMachine, field: MatcherField, name: string): Volume {
  const volume = vm.spec.template?.spec?.volumes?.find((each) => each.name === name);
  if (volume === undefined) throw refusal(field, `unable to find volume ${name} to infer defaults`);
  return volume;
}

function refusal(field: MatcherField, message: string): StatusError {
  const cause = { reason: "FieldValueInvalid", field: `spec.${field}.inferFromVolume`, message };
  return new StatusError("BadRequest", message, { causes: [cause] });
}

async function labelsOfVolume(client: Client, vm: VirtualMachine, volume: Volume): Promise<Labels> {
  const namespace = vm.metadata?.namespace ?? "";
  const { persistentVolumeClaim: claim, dataVolume } = volume;
  if (claim) return labelsOf(await client.get(persistentVolumeClaims, { namespace, name: claim.claimName }));
  if (dataVolume) return labelsOfDataVolume(client, vm, dataVolume.name);
  throw new NothingToInfer(`unable to infer defaults from volume ${volume.name} as type is not supported`);
}

async function labelsOfDataVolume(client: Client, vm: VirtualMachine, name: string): Promise<Labels> {
  const namespace = vm.metadata?.namespace ?? "";
  const template = vm.spec.dataVolumeTemplates?.find(({ metadata }) => metadata?.name === name);
  const found = template ?? (await unlessNotFound(client.get(dataVolumes, { namespace, name })));
  // A claim that was filled by a DataVolume of its name, which is gone.
  if (found === undefined) return labelsOf(await client.get(persistentVolumeClaims, { namespace, name }));
  const own = labelsOf(found as KubeObject);
  if (own[inferenceLabels.instancetype] || own[inferenceLabels.preference]) return own;
  return labelsOfSource(client, namespace, found.spec as DataVolume["spec"]);
}

async function labelsOfSource(client: Client, namespace: string, spec: DataVolume["spec"]): Promise<Labels> {
  const claim = spec?.source?.pvc;
  if (claim)
    return labelsOf(
      await client.get(persistentVolumeClaims, { namespace: claim.namespace || namespace, name: claim.name }),
    );
  const ref = spec?.sourceRef;
  if (ref?.kind !== "DataSource")
    throw new NothingToInfer("unable to infer defaults from DataVolumeSpec as DataVolumeSource is not supported");
  const source = await client.get(dataSources, { namespace: ref.namespace ?? namespace, name: ref.name });
  const own = labelsOf(source);
  const filledFrom = source.spec.source.pvc;
  if (own[inferenceLabels.instancetype] || own[inferenceLabels.preference] || !filledFrom) return own;
  return labelsOf(
    await client.get(persistentVolumeClaims, { namespace: filledFrom.namespace || namespace, name: filledFrom.name }),
  );
}

function labelsOf(object: KubeObject): Labels {
  return object.metadata?.labels ?? {};
}
