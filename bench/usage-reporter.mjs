// Preloaded into a process: writes what it has used when it ends, programs that it started not counted.
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.BENCH_USAGE_FILE;
if (isMainThread && file !== undefined) {
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    const usage = { peak: process.resourceUsage().maxRSS * 1024, cpu: (user + system) / 1000 };
    writeFileSync(file, JSON.stringify(usage));
  });
}
