/** Whether a setting asks for nothing: as Go writes what was not set, and objects of nothing else. */
export function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return true;
  return typeof value === "object" && Object.values(value).every(isUnset);
}
