/** Defaults and rules of a pod spec, wherever it stands: in a Pod or in a template. */
import type { StatusCause } from "../../../base/errors.ts";
import { duplicate, invalid, required } from "../../../apimachinery/schema/cause.ts";
import { dns1123Label } from "../../../apimachinery/names/names.ts";
import { ensure, field, fill, list, text } from "../field.ts";

type Json = Record<string, unknown>;

const containerLists = ["initContainers", "containers", "ephemeralContainers"] as const;

/** The defaults that depend on other fields; the rest is in the schema. */
export function defaultPodSpec(spec: Json): void {
  for (const container of containerLists.flatMap((name) => list(spec, name))) {
    fill(container, "imagePullPolicy", pullPolicy(text(container, "image")));
    if (spec["hostNetwork"] === true)
      for (const port of list(container, "ports")) fill(port, "hostPort", port["containerPort"]);
  }
  if (text(spec, "serviceAccount") && !text(spec, "serviceAccountName"))
    spec["serviceAccountName"] = spec["serviceAccount"];
  if (text(spec, "serviceAccountName")) spec["serviceAccount"] = spec["serviceAccountName"];
  for (const volume of list(spec, "volumes")) defaultVolume(volume);
}

function pullPolicy(image: string): string {
  if (image.includes("@")) return "IfNotPresent";
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === "latest" ? "Always" : "IfNotPresent";
}

/** A volume without a source is an emptyDir. */
function defaultVolume(volume: Json): void {
  if (Object.keys(volume).every((key) => key === "name")) volume["emptyDir"] = {};
}

/** A limit without a request is also the request; only in pods, not in templates. */
export function defaultRequests(spec: Json): void {
  for (const container of [...list(spec, "initContainers"), ...list(spec, "containers")]) {
    const limits = field(container, "resources", "limits");
    if (typeof limits !== "object" || limits === null) continue;
    const requests = ensure(container, "resources", "requests");
    for (const [name, quantity] of Object.entries(limits)) fill(requests, name, quantity);
  }
}

export function validatePodSpec(spec: Json, path: string): StatusCause[] {
  const volumes = list(spec, "volumes").map((volume) => text(volume, "name"));
  const seen = new Set<string>();
  const containers = containerLists.flatMap((name) =>
    list(spec, name).flatMap((container, index) =>
      validateContainer(container, `${path}.${name}[${index}]`, {
        volumes: new Set(volumes),
        seen,
        ephemeral: name === "ephemeralContainers",
      }),
    ),
  );
  return [
    ...(list(spec, "containers").length === 0 ? [required(`${path}.containers`)] : []),
    ...["hostname", "subdomain"].flatMap((name) => validateLabel(text(spec, name), `${path}.${name}`)),
    ...containers,
    ...list(spec, "volumes").flatMap((volume, index) =>
      validateVolume(volume, `${path}.volumes[${index}]`, volumes.indexOf(text(volume, "name")) < index),
    ),
  ];
}

/** An empty one is none. */
function validateLabel(value: string, path: string): StatusCause[] {
  return value === "" ? [] : dns1123Label(value).map((why) => invalid(path, value, why));
}

interface ContainerContext {
  volumes: ReadonlySet<string>;
  /** Names of the containers before this one. */
  seen: Set<string>;
  ephemeral: boolean;
}

function validateContainer(container: Json, path: string, context: ContainerContext): StatusCause[] {
  const name = text(container, "name");
  const causes: StatusCause[] =
    name === "" ? [required(`${path}.name`)] : dns1123Label(name).map((why) => invalid(`${path}.name`, name, why));
  if (name !== "" && context.seen.has(name)) causes.push(duplicate(`${path}.name`, name));
  context.seen.add(name);
  if (text(container, "image").trim() === "") causes.push(required(`${path}.image`));
  causes.push(...list(container, "ports").flatMap((port, index) => validatePort(port, `${path}.ports[${index}]`)));
  causes.push(...list(container, "env").flatMap((env, index) => validateEnv(env, `${path}.env[${index}]`)));
  causes.push(
    ...list(container, "volumeMounts").flatMap((mount, index) =>
      validateMount(mount, `${path}.volumeMounts[${index}]`, context),
    ),
  );
  return causes;
}

function validatePort(port: Json, path: string): StatusCause[] {
  const number = port["containerPort"];
  if (typeof number !== "number") return [required(`${path}.containerPort`)];
  return number > 0 && number < 65536
    ? []
    : [invalid(`${path}.containerPort`, number, "must be between 1 and 65535, inclusive")];
}

function validateEnv(env: Json, path: string): StatusCause[] {
  if (text(env, "name") === "") return [required(`${path}.name`)];
  const both = text(env, "value") !== "" && env["valueFrom"] !== undefined;
  return both ? [invalid(`${path}.valueFrom`, "", "may not be specified when `value` is not empty")] : [];
}

function validateMount(mount: Json, path: string, context: ContainerContext): StatusCause[] {
  const name = text(mount, "name");
  const causes: StatusCause[] = [];
  if (name === "") causes.push(required(`${path}.name`));
  else if (!context.volumes.has(name))
    causes.push({ reason: "FieldValueNotFound", message: `Not found: ${JSON.stringify(name)}`, field: `${path}.name` });
  if (text(mount, "mountPath") === "") causes.push(required(`${path}.mountPath`));
  return causes;
}

function validateVolume(volume: Json, path: string, repeated: boolean): StatusCause[] {
  const name = text(volume, "name");
  const sources = Object.keys(volume).filter((key) => key !== "name");
  const causes: StatusCause[] =
    name === "" ? [required(`${path}.name`)] : dns1123Label(name).map((why) => invalid(`${path}.name`, name, why));
  if (repeated) causes.push(duplicate(`${path}.name`, name));
  for (const extra of sources.slice(1))
    causes.push({
      reason: "FieldValueForbidden",
      message: "Forbidden: may not specify more than 1 volume type",
      field: `${path}.${extra}`,
    });
  return causes;
}
