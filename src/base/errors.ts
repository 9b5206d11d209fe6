/** Errors that every layer may throw. Recognise them by class, never by text. */

/** One field-level reason inside a `metav1.Status` (k8s.io/apimachinery `StatusCause`). */
export interface StatusCause {
  /** Machine-readable, e.g. `FieldValueRequired`, `FieldValueInvalid`, `FieldValueNotSupported`. */
  reason: string;
  message: string;
  /** Field path as Kubernetes writes it, e.g. `spec.template.spec.volumes[0].name`. */
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** The failure answer of a Kubernetes API (`metav1.Status`). */
export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, never>;
  status: "Failure" | "Success";
  message: string;
  reason: string;
  details?: StatusDetails;
  code: number;
}

/** Kubernetes status reasons with the HTTP code that each one carries. */
export const statusCodes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export type StatusReason = keyof typeof statusCodes;

/** A refusal or failure of an API request; converts one to one to `metav1.Status`. */
export class StatusError extends Error {
  override readonly name: string = "StatusError";
  /** A `StatusReason`, or what another server or an extension chose to say. */
  readonly reason: string;
  readonly code: number;
  readonly details: StatusDetails | undefined;

  constructor(reason: string, message: string, details?: StatusDetails, code?: number) {
    super(message);
    this.reason = reason;
    this.details = details;
    this.code = code ?? statusCodes[reason as StatusReason] ?? 500;
  }

  static from(status: Partial<Status>): StatusError {
    return new StatusError(
      status.reason ?? "InternalError",
      status.message ?? "unknown error",
      status.details,
      status.code,
    );
  }

  toStatus(): Status {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      reason: this.reason,
      ...(this.details && { details: this.details }),
      code: this.code,
    };
  }
}

/** No server answered at all; one that answers that something behind it does not is another matter. */
export class UnreachableError extends StatusError {
  override readonly name = "UnreachableError";

  constructor(message: string, cause?: unknown) {
    super("ServiceUnavailable", message);
    this.cause = cause;
  }
}

export function isStatus(error: unknown, ...reasons: StatusReason[]): error is StatusError {
  return error instanceof StatusError && (reasons.length === 0 || reasons.includes(error.reason as StatusReason));
}

/** A child program that failed. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly argv: readonly string[];
  readonly exitCode: number | null;
  readonly stderrTail: string;

  constructor(argv: readonly string[], exitCode: number | null, stderrTail: string) {
    super(`${argv.join(" ")} failed (${exitCode === null ? "killed" : `exit ${exitCode}`}): ${stderrTail.trim()}`);
    this.argv = argv;
    this.exitCode = exitCode;
    this.stderrTail = stderrTail;
  }
}

/** Retrying cannot help: becomes a condition and an Event on the object. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
  /** CamelCase reason for the condition and the Event. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A bug in vmpod itself. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
