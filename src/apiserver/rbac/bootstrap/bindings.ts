/** Who has which bootstrap role, cluster-wide. */
import { everybodysRoles } from "../../../../api/kubevirt/roles.ts";

export interface BootstrapBinding {
  role: string;
  users?: readonly string[];
  groups?: readonly string[];
}

const everybody = ["system:authenticated", "system:unauthenticated"];

export const bootstrapBindings: Readonly<Record<string, BootstrapBinding>> = {
  "cluster-admin": { role: "cluster-admin", groups: ["system:masters"] },
  "system:basic-user": { role: "system:basic-user", groups: ["system:authenticated"] },
  "system:discovery": { role: "system:discovery", groups: ["system:authenticated"] },
  "system:public-info-viewer": { role: "system:public-info-viewer", groups: everybody },
  "system:service-account-issuer-discovery": {
    role: "system:service-account-issuer-discovery",
    groups: ["system:serviceaccounts"],
  },
  "system:monitoring": { role: "system:monitoring", groups: ["system:monitoring"] },
  "system:node": { role: "system:node", groups: ["system:nodes"] },
  "system:vmpod:controller": { role: "system:vmpod:controller", users: ["system:vmpod:controller"] },
  "system:vmpod:extension": { role: "system:vmpod:extension", users: ["system:vmpod:extension"] },
  ...Object.fromEntries(everybodysRoles.map((role) => [role, { role, groups: ["system:authenticated"] }])),
};
