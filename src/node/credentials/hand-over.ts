/** Gives a guest its users' keys and passwords, by its agent. */
import type { GuestAgent } from "../../qemu/guest-agent/client.ts";
import type { WantedCredentials } from "./wanted.ts";

/** Repeating it changes nothing. @throws what GuestAgent.call throws; the rest was handed over, or not */
export async function handOver(agent: GuestAgent, { keys, passwords }: WantedCredentials): Promise<void> {
  for (const [username, all] of Object.entries(keys))
    await agent.call("guest-ssh-add-authorized-keys", { username, keys: all, reset: true });
  for (const [username, password] of Object.entries(passwords)) {
    const encoded = Buffer.from(password).toString("base64");
    await agent.call("guest-set-user-password", { username, password: encoded, crypted: false });
  }
}
