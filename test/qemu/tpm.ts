/** Asks a guest's TPM 2.0 for the key that it derives from what it keeps, without any tool in the guest: the command is written as bytes. */

/** TPM2_CreatePrimary below the storage hierarchy's seed: an elliptic-curve key for wrapping others, as all systems derive it. */
const createPrimary = [
  ["8002", "00000043", "00000131"], // with sessions, length, command
  ["40000001"], // TPM_RH_OWNER
  ["00000009", "40000009", "0000", "00", "0000"], // no password
  ["0004", "0000", "0000"], // no secret of its own
  ["001a", "0023", "000b", "00030072", "0000"], // TPM_ALG_ECC, SHA-256; fixed, restricted to decrypt
  ["0006", "0080", "0043", "0010", "0003", "0010", "0000", "0000"], // AES-128 CFB, NIST P-256
  ["0000", "00000000"],
].flat();

/** The public key's bytes, behind tag, length, code, handle and length of the parameters. */
const publicArea = "dd bs=1 skip=18 count=90";

const bytes = createPrimary.join("").replaceAll(/../g, String.raw`\x$&`);

/** For a shell: prints it in hex. */
export const storageKey = `exec 3<>/dev/tpm0 && printf '${bytes}' >&3 && dd bs=4096 count=1 <&3 2>/dev/null | ${publicArea} 2>/dev/null | od -An -v -tx1 | tr -d ' \n'`;
