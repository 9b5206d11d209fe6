/** An operation that the API server does on its own account. */
import type { ServedKind } from "../registry/kind.ts";
import type { Api, Operation } from "./call.ts";

const apiserverUser = { name: "system:apiserver", groups: ["system:masters", "system:authenticated"] };

export function systemOperation(api: Api, kind: ServedKind, namespace: string | undefined, name?: string): Operation {
  const { group, version, plural } = kind;
  const path = { group, version, plural, namespace, name, subresource: "", rest: [], watch: false };
  return {
    api,
    kind,
    path,
    query: new URLSearchParams(),
    user: apiserverUser,
    dryRun: false,
    warnings: [],
    fieldManager: "vmpod-apiserver",
    applies: false,
  };
}
