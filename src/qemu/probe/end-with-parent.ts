/**
 * For commands: a QEMU that was only asked something ends with who asked, also when that was killed and could not end it.
 * The signal stays with the process through `exec`.
 */
export const endWithParent: readonly string[] = ["setpriv", "--pdeathsig", "KILL", "--"];

/** What `setpriv` says by its exit code when there is no such program. */
export const noSuchProgram = 127;
