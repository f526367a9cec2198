import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

const mostInput = 1024 * 1024;

/** All of standard input as text. */
export async function readAllInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.byteLength;
    if (size <= mostInput) chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Asks at the terminal. */
export async function askText(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim();
  } finally {
    lines.close();
  }
}

/** Asks at the terminal, showing nothing of the answer. */
export async function askPassword(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
