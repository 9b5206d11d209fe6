/**
 * Linux's O_PATH, which Node has no name for: opens a name itself, whatever it is, without its content. With
 * O_NOFOLLOW a symbolic link is opened as a link. `/proc/self/fd/N` then stands for that very file.
 */
export const oPath = 0o10000000;
