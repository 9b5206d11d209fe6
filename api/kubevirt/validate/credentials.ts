/** Rules about `accessCredentials`: what is handed to the guest, and by which way. */
import { invalid, required, type StatusCause, setFields } from "./causes.ts";
import type { AccessCredential, VirtualMachineInstanceSpec } from "../types.ts";

const kinds = ["sshPublicKey", "userPassword"] as const;
const sshMethods = ["configDrive", "noCloud", "qemuGuestAgent"] as const;

export function validateCredentials(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  return (spec.accessCredentials ?? []).flatMap((credential, index) =>
    validateCredential(credential, spec, `${path}.accessCredentials[${index}]`),
  );
}

function validateCredential(
  credential: AccessCredential,
  spec: VirtualMachineInstanceSpec,
  field: string,
): StatusCause[] {
  const given = setFields(credential, kinds);
  if (given.length !== 1) return [invalid(field, given, "needs exactly one of sshPublicKey and userPassword")];
  const source = credential.sshPublicKey?.source ?? credential.userPassword?.source;
  return [
    ...(source?.secret?.secretName
      ? []
      : [required(`${field}.${given[0]}.source.secret.secretName`, "the Secret that holds the credential")]),
    ...(credential.userPassword && !credential.userPassword.propagationMethod?.qemuGuestAgent
      ? [required(`${field}.userPassword.propagationMethod.qemuGuestAgent`, "the way by which the guest gets it")]
      : []),
    ...validateSshMethod(credential, spec, `${field}.sshPublicKey.propagationMethod`),
  ];
}

function validateSshMethod(
  credential: AccessCredential,
  spec: VirtualMachineInstanceSpec,
  field: string,
): StatusCause[] {
  const ssh = credential.sshPublicKey;
  if (ssh === undefined) return [];
  const given = setFields(ssh.propagationMethod, sshMethods);
  if (given.length !== 1) return [invalid(field, given, `needs exactly one of ${sshMethods.join(", ")}`)];
  const { configDrive, noCloud, qemuGuestAgent } = ssh.propagationMethod;
  const volumes = spec.volumes ?? [];
  if (noCloud && !volumes.some((volume) => volume.cloudInitNoCloud)) {
    return [invalid(`${field}.noCloud`, {}, "needs a volume of type cloudInitNoCloud")];
  }
  if (configDrive && !volumes.some((volume) => volume.cloudInitConfigDrive)) {
    return [invalid(`${field}.configDrive`, {}, "needs a volume of type cloudInitConfigDrive")];
  }
  if (qemuGuestAgent && (qemuGuestAgent.users ?? []).length === 0) {
    return [required(`${field}.qemuGuestAgent.users`, "the guest's users that the key is for")];
  }
  return [];
}
