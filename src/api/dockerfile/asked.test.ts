import { expect, test } from 'vitest';
import type { InlineConfig } from '../../config/schema.ts';
import { flagsOf, readFlags, withMark } from '../../dockerfile/mark.ts';
import { askedOf, settingsOf } from './asked.ts';

test('what the command line said comes back from the first line of the file', () => {
  const inline: InlineConfig = {
    base: 'docker://python:3.13-slim',
    port: 8080,
    extras: ['fast', 'late'],
    systemPackages: ['libpq5'],
    bytecode: 'none',
    user: '1000:1000',
    env: { A: '1', GREETING: "it's = `so`", EMPTY: '' },
    labels: { 'org.example.team': 'shop floor' },
  };
  const options = { variant: 'venv', platforms: ['linux/amd64'], asked: askedOf(inline) } as const;
  expect(settingsOf(readFlags(withMark('FROM x\n', flagsOf(options)))?.asked)).toEqual(inline);
});

test('outputs and files of one machine are not kept, nor flags that nobody knows', () => {
  expect(askedOf({ output: 'oci:/x', caCertificates: ['/x/ca.pem'], platforms: ['linux/amd64'] })).toEqual({});
  expect(settingsOf({ '--unknown': ['x'], '--python': ['3.13'] })).toEqual({ python: '3.13' });
  expect(settingsOf({ '--port': ['abc'], '--bytecode': ['some'], '--workdir': ['up/..'] })).toEqual({});
});
