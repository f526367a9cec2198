#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { runCli } from './run-cli.ts';

// A build reads much and keeps little: collected early, it stays below 300 MB on a machine of any size.
setFlagsFromString('--heap-growing-percent=30');
setFlagsFromString('--max-semi-space-size=1');
setFlagsFromString('--optimize-for-size');
// A thread that frees what the main one received costs a download a third of its processor time.
setFlagsFromString('--no-concurrent-array-buffer-sweeping');

// Whoever reads may stop reading (`| head`): what was begun ends as it would.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const controller = new AbortController();
process.exitCode = await runCli(process.argv.slice(2), { controller });
