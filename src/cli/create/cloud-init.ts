/** The volume by which `create vm` tells the guest who may log in, or what else its user wrote. Pure. */
import { toYaml } from "../../base/yaml.ts";
import type { Volume } from "../../../api/kubevirt/types.ts";

export interface CloudInitOptions {
  /** noCloud, configDrive or none. */
  cloudInit?: string;
  /** In base64. */
  cloudInitUserData?: string;
  cloudInitNetworkData?: string;
  user?: string;
  password?: string;
  sshKey?: readonly string[];
  /** SELinux in the guest must let its agent write keys. */
  gaManageSsh?: boolean;
}

const kinds: Readonly<Record<string, "cloudInitNoCloud" | "cloudInitConfigDrive" | undefined>> = {
  nocloud: "cloudInitNoCloud",
  configdrive: "cloudInitConfigDrive",
  none: undefined,
};

/** @throws Error when two flags contradict each other */
export function cloudInitVolume(options: CloudInitOptions): Volume | undefined {
  const { cloudInit = "noCloud", cloudInitUserData, cloudInitNetworkData } = options;
  if (!(cloudInit.toLowerCase() in kinds))
    throw new Error(`--cloud-init: ${JSON.stringify(cloudInit)} is none of noCloud, configDrive, none`);
  const config = cloudConfig(options);
  if (config !== undefined && cloudInitUserData !== undefined)
    throw new Error(
      "--cloud-init-user-data excludes --user, --password-file, --ssh-key and --ga-manage-ssh: write them into it",
    );
  const kind = kinds[cloudInit.toLowerCase()];
  const data = {
    ...(cloudInitUserData !== undefined && { userDataBase64: cloudInitUserData }),
    ...(config !== undefined && { userData: config }),
    ...(cloudInitNetworkData !== undefined && { networkDataBase64: cloudInitNetworkData }),
  };
  if (Object.keys(data).length === 0) return undefined;
  if (kind === undefined) throw new Error("--cloud-init none excludes what the guest would be told by it");
  return kind === "cloudInitNoCloud"
    ? { name: "cloudinitdisk", cloudInitNoCloud: data }
    : { name: "cloudinitdisk", cloudInitConfigDrive: data };
}

function cloudConfig({ user, password, sshKey, gaManageSsh }: CloudInitOptions): string | undefined {
  if (user === undefined && password === undefined && sshKey === undefined && !gaManageSsh) return undefined;
  const config = {
    ...(user && { user }),
    ...(password && { password, chpasswd: { expire: false } }),
    ...(sshKey && { ssh_authorized_keys: sshKey }),
    ...(gaManageSsh && { runcmd: [["setsebool", "-P", "virt_qemu_ga_manage_ssh", "on"]] }),
  };
  return `#cloud-config\n${toYaml(config)}`;
}
