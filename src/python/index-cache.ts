import * as v from 'valibot';
import type { HttpResponse } from '../base/context.ts';

/** Keeps texts between runs. */
export interface IndexCache {
  readonly read: (key: string) => Promise<string | undefined>;
  readonly write: (key: string, text: string) => Promise<void>;
}

const recordSchema = v.object({
  status: v.picklist([200, 404]),
  url: v.string(),
  contentType: v.string(),
  etag: v.optional(v.string()),
  lastModified: v.optional(v.string()),
  /** Milliseconds since the epoch. */
  checked: v.number(),
  /** Seconds. */
  maxAge: v.number(),
  body: v.string(),
});

/** A page as it was answered, with what decides how long it is good for (RFC 9111). */
export type CachedPage = v.InferOutput<typeof recordSchema>;

/** What the cache has; a record that cannot be read counts as absent, since it can be fetched anew. */
export async function readCachedPage(cache: IndexCache, key: string): Promise<CachedPage | undefined> {
  const text = await cache.read(key);
  if (text === undefined) return undefined;
  try {
    const parsed = v.safeParse(recordSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export async function writeCachedPage(cache: IndexCache, key: string, page: CachedPage): Promise<void> {
  await cache.write(key, JSON.stringify(page));
}

export function isFresh(page: CachedPage, now: Date): boolean {
  const age = (now.getTime() - page.checked) / 1000;
  return age >= 0 && age < page.maxAge;
}

/** Where a server says nothing: as long as package indexes usually say. */
const usualMaxAge = 600;

/** How long an answer is good for; undefined where it must not be kept. */
export function maxAgeOf(response: HttpResponse): number | undefined {
  const control = (response.header('cache-control') ?? '').toLowerCase();
  if (/\bno-store\b/.test(control)) return undefined;
  if (/\bno-cache\b/.test(control)) return 0;
  const seconds = /\bmax-age\s*=\s*"?(\d{1,9})/.exec(control)?.[1];
  if (seconds === undefined) return usualMaxAge;
  const age = Number(response.header('age') ?? 0);
  return Math.max(0, Number(seconds) - (Number.isFinite(age) ? age : 0));
}
