import type { PolicyRule } from "../../../../api/rbac.ts";

export interface BootstrapRole {
  rules?: readonly PolicyRule[];
  labels?: Readonly<Record<string, string>>;
  /** Made of all roles with this label. */
  aggregates?: string;
}
