import { sortedBy } from '../base/order.ts';
import type { FileContent, LayerEntry, ZipSlice } from './layer-entry.ts';

/**
 * From here on a deflated member is copied. Below, a member of its own and the lone tar header before it cost more
 * than encoding it again in company (measured: the layer grows by 0.2 % at 1024 and takes a seventh longer at 4096).
 */
const copiedFrom = 2048;
/** Also copied, however small it is packed: encoding this much again takes longer than the few bytes are worth. */
const copiedFromRaw = 64 * 1024;
/** Encoded content from this size on gets members of its own, so that a probe may find that it does not compress. */
export const ownMembersFrom = 256 * 1024;

/**
 * The order in which a layer is smallest: directories, then what is gathered, then what is copied, then hard links (behind
 * their targets), each by path. Measured on wheels: small files beside each other, not between copied ones, save 0.15 %.
 */
export function orderForGathering(entries: Iterable<LayerEntry>): LayerEntry[] {
  const ranks: [LayerEntry[], LayerEntry[], LayerEntry[], LayerEntry[]] = [[], [], [], []];
  for (const entry of entries) ranks[rankOf(entry)].push(entry);
  return ranks.flatMap((rank) => sortedBy(rank, ({ path }) => path));
}

function rankOf(entry: LayerEntry): 0 | 1 | 2 | 3 {
  if (entry.type === 'directory') return 0;
  if (entry.type === 'hardlink') return 3;
  const { content } = entry;
  if (content === undefined) return 1;
  return (content.kind === 'zip' && isCopied(content)) || contentSize(content) >= ownMembersFrom ? 2 : 1;
}

/** Raw bytes of a file. */
export function contentSize(content: FileContent): number {
  return content.kind === 'bytes' ? content.bytes.length : content.size;
}

/** Whether the member's compressed bytes are copied as they are. */
export function isCopied(slice: ZipSlice): boolean {
  return slice.method === 'deflate' && (slice.compressedSize >= copiedFrom || slice.size >= copiedFromRaw);
}
