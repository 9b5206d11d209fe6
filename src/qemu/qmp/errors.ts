/** What can go wrong between us and a QEMU monitor or guest agent. Recognise by class; `QmpError.errorClass` is as QEMU sends it. */

/** Error classes of QEMU (qapi/error.json). */
export type QmpErrorClass =
  | "GenericError"
  | "CommandNotFound"
  | "DeviceNotActive"
  | "DeviceNotFound"
  | "KVMMissingCap"
  | (string & {});

/** QEMU (or the guest agent) understood the command and refused it. */
export class QmpError extends Error {
  override readonly name = "QmpError";
  readonly command: string;
  readonly errorClass: QmpErrorClass;
  /** QEMU's own words. */
  readonly description: string;

  constructor(command: string, errorClass: QmpErrorClass, description: string) {
    super(`${command}: ${description}`);
    this.command = command;
    this.errorClass = errorClass;
    this.description = description;
  }
}

/** The connection is gone; the command may or may not have taken effect. */
export class QmpClosed extends Error {
  override readonly name = "QmpClosed";
  readonly socketPath: string;

  constructor(socketPath: string, what: string, options?: ErrorOptions) {
    super(`${what}: ${socketPath}`, options);
    this.socketPath = socketPath;
  }
}

/** No answer in time; the command may or may not have taken effect. */
export class QmpTimeout extends Error {
  override readonly name = "QmpTimeout";
  readonly socketPath: string;
  readonly timeoutMs: number;

  constructor(socketPath: string, command: string, timeoutMs: number) {
    super(`${command}: no answer within ${timeoutMs} ms on ${socketPath}`);
    this.socketPath = socketPath;
    this.timeoutMs = timeoutMs;
  }
}

/** The peer sent what is not QMP. The connection is of no more use. */
export class QmpProtocolError extends Error {
  override readonly name = "QmpProtocolError";
}
