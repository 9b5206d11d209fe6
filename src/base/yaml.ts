import { stringify } from "yaml";

/** As text that readers of YAML 1.1 (kubectl, Helm, cloud-init) take for the same: to them a bare `yes` is no text. */
export function toYaml(value: unknown): string {
  return stringify(value, { version: "1.1", aliasDuplicateObjects: false, lineWidth: 0 });
}
