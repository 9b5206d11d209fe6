/**
 * The program that keeps a pod's namespaces alive: sleeps, reaps what is reparented to it, and ends on SIGTERM or SIGINT.
 * Written as machine code, because every running pod has one: 257 bytes, no libc, one page of memory.
 */

/** The three signals stay blocked and are taken by sigtimedwait, which works for a namespace's init too. */
const code = Uint8Array.from(
  [
    [0x6a, 0x00], //                                   push 0
    [0xc7, 0x04, 0x24, 0x02, 0x40, 0x01, 0x00], //     mov dword [rsp], SIGINT|SIGTERM|SIGCHLD
    [0x31, 0xff], //                                   xor edi, edi        SIG_BLOCK
    [0x48, 0x89, 0xe6], //                             mov rsi, rsp
    [0x31, 0xd2], //                                   xor edx, edx
    [0x6a, 0x08, 0x41, 0x5a], //                       push 8; pop r10     size of a signal set
    [0x6a, 0x0e, 0x58, 0x0f, 0x05], //                 rt_sigprocmask
    [0x48, 0x89, 0xe7], //                       wait: mov rdi, rsp
    [0x31, 0xf6, 0x31, 0xd2], //                       xor esi, esi; xor edx, edx
    [0x6a, 0x08, 0x41, 0x5a], //                       push 8; pop r10
    [0xb8, 0x80, 0x00, 0x00, 0x00, 0x0f, 0x05], //     rt_sigtimedwait
    [0x83, 0xf8, 0x11, 0x75, 0x16], //                 cmp eax, SIGCHLD; jne other
    [0x6a, 0xff, 0x5f], //                       reap: push -1; pop rdi
    [0x31, 0xf6], //                                   xor esi, esi
    [0x6a, 0x01, 0x5a], //                             push WNOHANG; pop rdx
    [0x45, 0x31, 0xd2], //                             xor r10d, r10d
    [0x6a, 0x3d, 0x58, 0x0f, 0x05], //                 wait4
    [0x85, 0xc0, 0x7f, 0xec, 0xeb, 0xd3], //           test eax, eax; jg reap; jmp wait
    [0x85, 0xc0, 0x7e, 0xcf], //                other: test eax, eax; jle wait
    [0x31, 0xff, 0x6a, 0x3c, 0x58, 0x0f, 0x05], //     exit(0)
  ].flat(),
);

const headerBytes = 64;
const programHeaderBytes = 56;
const loadAddress = 0x400000n;

export function pauseProgram(): Buffer {
  const codeOffset = headerBytes + 2 * programHeaderBytes;
  const file = Buffer.alloc(codeOffset + code.length);
  writeHeader(file, loadAddress + BigInt(codeOffset));
  writeLoadSegment(file.subarray(headerBytes), file.length);
  writeStackSegment(file.subarray(headerBytes + programHeaderBytes));
  file.set(code, codeOffset);
  return file;
}

function writeHeader(file: Buffer, entry: bigint): void {
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // ELF, 64 bit, little endian, version 1
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(62, 18); // x86-64
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(entry, 24);
  file.writeBigUInt64LE(BigInt(headerBytes), 32); // program headers follow
  file.writeUInt16LE(headerBytes, 52);
  file.writeUInt16LE(programHeaderBytes, 54);
  file.writeUInt16LE(2, 56);
}

/** The whole file, readable and executable. */
function writeLoadSegment(header: Buffer, fileBytes: number): void {
  header.writeUInt32LE(1, 0); // PT_LOAD
  header.writeUInt32LE(5, 4); // read, execute
  header.writeBigUInt64LE(loadAddress, 16);
  header.writeBigUInt64LE(loadAddress, 24);
  header.writeBigUInt64LE(BigInt(fileBytes), 32);
  header.writeBigUInt64LE(BigInt(fileBytes), 40);
  header.writeBigUInt64LE(0x1000n, 48);
}

/** A stack that is not executable. */
function writeStackSegment(header: Buffer): void {
  header.writeUInt32LE(0x6474e551, 0); // PT_GNU_STACK
  header.writeUInt32LE(6, 4);
  header.writeBigUInt64LE(16n, 48);
}
