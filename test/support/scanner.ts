import { join } from 'node:path';
import * as v from 'valibot';
import { mustRun } from './command.ts';
import { benchDir } from './paths.ts';

/** What is read of syft's own JSON (its schema 16). */
const scanSchema = v.object({
  artifacts: v.array(
    v.object({
      name: v.string(),
      version: v.string(),
      type: v.string(),
      purl: v.string(),
      licenses: v.array(v.object({ value: v.string() })),
      locations: v.array(v.object({ path: v.string() })),
      metadata: v.optional(
        v.object({
          architecture: v.optional(v.string(), ''),
          files: v.optional(
            v.nullable(
              v.array(
                v.object({
                  path: v.string(),
                  digest: v.optional(v.object({ algorithm: v.string(), value: v.string() })),
                  isConfigFile: v.optional(v.boolean(), false),
                }),
              ),
            ),
          ),
        }),
      ),
    }),
  ),
  distro: v.object({ id: v.string(), versionCodename: v.string() }),
});
export type Scan = v.InferOutput<typeof scanSchema>;
export type ScannedPackage = Scan['artifacts'][number];

/** What syft finds in one image of an OCI layout. `home` is a folder in which it finds no settings. */
export async function scanLayout(layout: string, platform: string, home: string): Promise<Scan> {
  const printed = await mustRun(
    join(benchDir, 'tools/bin/syft'),
    ['scan', `oci-dir:${layout}`, '--platform', platform, '--output', 'json'],
    { cwd: home, env: { PATH: process.env['PATH'], HOME: home, SYFT_CHECK_FOR_APP_UPDATE: 'false' } },
  );
  return v.parse(scanSchema, JSON.parse(printed));
}
