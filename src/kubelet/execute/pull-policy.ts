export type PullPolicy = "Always" | "IfNotPresent" | "Never";

/** As the API defaults it: a tag that moves is always looked up. */
export function pullPolicy(reference: string, asked: PullPolicy | undefined): PullPolicy {
  if (asked !== undefined) {
    return asked;
  }
  const name = reference.split("/").at(-1) ?? "";
  return (!name.includes(":") && !name.includes("@")) || name.endsWith(":latest") ? "Always" : "IfNotPresent";
}
