import { BlockList, isIP } from 'node:net';

/** Whether `host` is an address inside `range`, `10.0.0.0/8` or `fd00::/8` (RFC 4632). Names are never inside. */
export function isIpInRange(host: string, range: string): boolean {
  const slash = range.lastIndexOf('/');
  const network = range.slice(0, slash).replace(/^\[|\]$/g, '');
  const prefix = Number(range.slice(slash + 1));
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family) return false;
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > (family === 4 ? 32 : 128)) return false;
  const name = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, prefix, name);
  return list.check(host, name);
}
