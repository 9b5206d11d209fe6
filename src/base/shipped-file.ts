/**
 * Files that come with the program and are read while it runs. Their paths are those of the repository, seen from its root:
 * two directories above this file, and above the one file that images/vmpod makes of all sources.
 */
export function shippedFile(path: string): URL {
  return new URL(`../../${path}`, import.meta.url);
}
