import { resolve } from 'node:path';
import type { EngineBuildOptions } from '../api/engine-build.ts';
import type { InlineConfig } from '../config/schema.ts';
import { renderEngineText } from '../report/engine-text.ts';
import { shortenOutput } from './places.ts';
import type { Session } from './session.ts';

/** What `build` knows when it turns out that an engine is to build. */
export interface EngineBuildCall {
  readonly directory: string;
  readonly config: InlineConfig;
  readonly options: EngineBuildOptions;
  readonly cwd: string;
  readonly isJson: boolean;
  /** All that the engine says goes to standard error. */
  readonly isPlain: boolean;
}

/** Builds with an engine and prints what came of it. */
export async function runEngineBuild(call: EngineBuildCall, session: Session): Promise<void> {
  const { buildWithEngine } = await import('../api/engine-build.ts');
  const { context } = session;
  const options = call.isPlain ? { ...call.options, onLine: context.log.info } : call.options;
  const { report } = await buildWithEngine(resolve(call.cwd, call.directory), call.config, options, context);
  session.close();
  const place = report.output === 'none' ? '' : shortenOutput(report.output, call.cwd);
  process.stdout.write(
    call.isJson ? `${JSON.stringify(report, undefined, 2)}\n` : `${renderEngineText(report, place)}\n`,
  );
}
