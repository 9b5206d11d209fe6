/**
 * The API server and the controllers need root only to read their keys and to open their store. After that they go on
 * as a user that owns no file, not even the store that the one holds open: who takes one of them over has the rights
 * of its identity in the API, and none on the machine. Started with `setpriv --no-new-privs`, no program that they
 * could run would get any back.
 *
 * What is read later must have been read before: sources and keys may lie where only root may look.
 */

/** Has no name and no home, and no package of Debian has it. */
export const unprivilegedUser = 64107;

/** For commands: nothing that is run under this can gain rights that its parent does not have. */
export const withoutNewPrivileges: readonly string[] = ["setpriv", "--no-new-privs", "--"];

/** For all threads, and for good. */
export function become(user: number): void {
  const { setgroups, setgid, setuid } = process;
  if (!setgroups || !setgid || !setuid) throw new Error("this system knows no users to become");
  setgroups.call(process, []);
  setgid.call(process, user);
  setuid.call(process, user);
}

/** @throws when it is no number above 0 */
export function userFrom(flag: string): number {
  const user = Number(flag);
  if (Number.isInteger(user) && user > 0) return user;
  throw new Error(`--run-as ${flag}: must be a user's number above 0`);
}
