import { type Digest, digestHex } from '../base/digest.ts';

/** 1980-01-01, the first date that a zip file can hold. Seconds since the epoch. */
export const earliestTime = 315_532_800;
/** Dates end before 2012: old enough that nobody takes them for the date of a build. */
const range = 1_000_000_000;

/**
 * A date made from content alone. Servers derive ETag and Last-Modified from a file's date and size; with one fixed date a
 * changed file of the same length would look unchanged to every browser that has the old one.
 */
export function contentTime(digest: Digest): number {
  return earliestTime + (Number.parseInt(digestHex(digest).slice(0, 8), 16) % range);
}
