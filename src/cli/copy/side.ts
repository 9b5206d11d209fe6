/** One side of a copy: a path here, or `type/name[/namespace]:path` in a guest. Pure. */
export interface Side {
  /** What stands before the colon; undefined for a path here. */
  place: string | undefined;
  path: string;
}

/** A colon before any local-looking path marks the guest's side, as with scp itself. */
export function splitSide(text: string): Side {
  const match = /^(?<place>[^:]*\/[^:]*|[^:/]+):(?<path>.*)$/s.exec(text);
  const { place, path = "" } = match?.groups ?? {};
  return place && !/^[./~]/.test(place) ? { place, path } : { place: undefined, path: text };
}
