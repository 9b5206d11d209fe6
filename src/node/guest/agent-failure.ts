/** What goes wrong between us and a guest's agent, as the answer that a user gets. */
import { StatusError } from "../../base/errors.ts";
import { GuestExecTimeout } from "../../qemu/guest-agent/exec.ts";
import { QmpClosed, QmpError, QmpProtocolError, QmpTimeout } from "../../qemu/qmp/errors.ts";

export function agentFailure(error: unknown): unknown {
  const status = statusOf(error);
  return status ? Object.assign(status, { cause: error }) : error;
}

function statusOf(error: unknown): StatusError | undefined {
  if (error instanceof QmpClosed || error instanceof QmpTimeout)
    return new StatusError("Conflict", "VMI does not have guest agent connected");
  if (error instanceof GuestExecTimeout) return new StatusError("Timeout", error.message);
  if (error instanceof QmpProtocolError)
    return new StatusError("InternalError", `the guest agent does not speak its protocol: ${error.message}`);
  if (!(error instanceof QmpError)) return undefined;
  // An agent that was told to block a command, and one that is too old to have it, say the same.
  if (error.errorClass !== "CommandNotFound")
    return new StatusError("InternalError", `the guest agent refused: ${error.message}`);
  const remedy = `allow it there: \`vmpod guestosinfo\` lists what it permits, qemu-ga's --block-rpcs or --allow-rpcs decide`;
  return new StatusError("MethodNotAllowed", `the guest agent does not permit ${error.command}: ${remedy}`);
}
