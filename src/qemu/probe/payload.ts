/**
 * A 64 KiB BIOS that proves an accelerator: enters long mode, adds 21 to 21 in an SSE register, counts down a million, and
 * writes the sum to the debug-exit port, which makes QEMU exit with 2 * 42 + 1.
 *
 * Long mode alone proves too little: some KVMs enter it and then stop at the first SSE instruction or never leave a loop.
 * The firmware area is at 0xf0000 as well; page tables are made at 0x1000, which maps the first 2 MiB to itself.
 */
const biosBytes = 65536;

/** QEMU's exit code when the payload has run to its end. */
export const payloadExitCode = 85;

const startCode =
  "fa 31c0 8ed8" + //                                    cli; ds = 0
  "66c70600100320 0000 66c70600200330 0000" + //         PML4[0] -> 0x2000, PDPT[0] -> 0x3000
  "66c706003083000000" + //                              PD[0] = 2 MiB page at 0
  "2e660f01168500" + //                                  lgdt cs:[0x85]
  "0f20e0 660d20060000 0f22e0" + //                      cr4 |= PAE | OSFXSR | OSXMMEXCPT
  "66b800100000 0f22d8" + //                             cr3 = 0x1000
  "66b9800000c0 0f32 660d00010000 0f30" + //             EFER |= LME
  "0f20c0 6683e0fb 660d03000080 0f22c0" + //             cr0: not EM, MP, PE, PG
  "66ea64000f000800" + //                                jump to 8:0xf0064
  "b815000000" + //                                0x64: eax = 21
  "66480f6ec0 660fd4c0 66480f7ec0" + //                  xmm0 = rax; xmm0 += xmm0; rax = xmm0
  "b940420f00 ffc9 75fc" + //                            count down 1,000,000
  "e6f4 f4 ebfd" + //                                    out 0xf4, al; hlt
  "0f00 90000f00" + //                             0x85: GDT of two entries at 0xf0090
  "8db4 0000 90" + //                                    (padding)
  "0000000000000000 ffff0000009baf00"; //          0x90: none; 64-bit code

const resetVector = "ea000000f0"; // at 0xffff0: jump to f000:0

export function probePayload(): Buffer {
  const bios = Buffer.alloc(biosBytes);
  bios.set(bytesOf(startCode), 0);
  bios.set(bytesOf(resetVector), 0xfff0);
  return bios;
}

function bytesOf(hexadecimal: string): Buffer {
  return Buffer.from(hexadecimal.replaceAll(" ", ""), "hex");
}
