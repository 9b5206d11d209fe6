/** Secrets of who may log in, as `create vm --access-cred` names them. Pure. */
import type { AccessCredential } from "../../../api/kubevirt/types.ts";
import { parseWords } from "./words.ts";

const flag = "access-cred";

/** @param user whose they are when the flag does not say. @throws Error for what is none */
export function accessCredential(text: string, user: string | undefined): AccessCredential {
  const words = parseWords(flag, text, ["type", "src", "method", "user"]);
  const { type = "ssh", src, method = "ga" } = words;
  if (src === undefined || src.includes("/"))
    throw new Error(`--${flag}: src:NAME of a Secret in the machine's namespace is missing`);
  const source = { secret: { secretName: src } };
  if (type === "ssh") return { sshPublicKey: { source, propagationMethod: keyMethod(method, words.user ?? user) } };
  if (type !== "password") throw new Error(`--${flag}: type:${type} is neither ssh nor password`);
  if (method !== "ga") throw new Error(`--${flag}: a password goes by the guest's agent alone: use method:ga`);
  return { userPassword: { source, propagationMethod: { qemuGuestAgent: {} } } };
}

type KeyMethod = NonNullable<AccessCredential["sshPublicKey"]>["propagationMethod"];

function keyMethod(method: string, user: string | undefined): KeyMethod {
  switch (method) {
    case "ga":
      if (user === undefined) throw new Error(`--${flag}: user:NAME, or --user, is missing: whose keys are they?`);
      return { qemuGuestAgent: { users: [user] } };
    case "nocloud":
      return { noCloud: {} };
    case "configdrive":
      return { configDrive: {} };
    default:
      throw new Error(`--${flag}: method:${method} is none of ga, nocloud, configdrive`);
  }
}
