const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates of a bundle, each as PEM; what is around them is left out. */
export function certificateBlocks(text: string): string[] {
  return [...text.matchAll(certificateBlock)].map(([block]) => `${block}\n`);
}
