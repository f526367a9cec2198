import type { Context } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import { readFileConfig } from '../../config/file.ts';
import { resolveConfig } from '../../config/resolve.ts';
import type { InlineConfig } from '../../config/schema.ts';
import { openProject } from '../../project/project.ts';

/** Before anything is built: the tag of a project must name a registry to be pushed to. Throws `REFERENCE_INVALID`. */
export async function assertPushTag(directory: string, inline: InlineConfig, context: Context): Promise<void> {
  if (inline.tag !== undefined) return assertPushName(inline.tag, 'as given with `--tag`');
  const { tag } = resolveConfig(await readFileConfig(await openProject(directory)), context.env, inline);
  if (tag !== undefined) return assertPushName(tag, 'the tag of the project');
  throw new TareError({
    code: 'REFERENCE_INVALID',
    message: 'the image has no tag that says where to push it',
    expected: 'HOST[:PORT]/NAME[:TAG]',
    hint: 'give it one: `tare build -t registry.example/team/app:1.0 --push`',
  });
}

/** That a name says where to push to. Throws `REFERENCE_INVALID`. */
export function assertPushName(text: string, origin: string): void {
  const name = text.replace(/^docker:\/\//, '');
  if (name.includes('/')) return;
  throw new TareError({
    code: 'REFERENCE_INVALID',
    message: `\`${name.slice(0, 200)}\`, ${origin}, names no registry to push to`,
    expected: 'HOST[:PORT]/NAME[:TAG]',
    hint: `give the whole name: \`tare push registry.example/${name}\``,
  });
}
