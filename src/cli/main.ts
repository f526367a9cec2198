#!/usr/bin/env node
import { runCli } from './run-cli.ts';

const controller = new AbortController();
process.exitCode = await runCli(process.argv.slice(2), { controller });
