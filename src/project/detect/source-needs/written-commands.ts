import type { Because } from '../../../base/because.ts';
import type { Project } from '../../project.ts';
import { instructionsOf } from '../dockerfile.ts';
import type { PythonIndex } from '../python-index.ts';
import { isGunicornConfig, sourcesNamedBy } from './named-commands.ts';
import type { SourceNeed } from './source-need.ts';

const commandFiles =
  /(?:^|\/)(?:Procfile[\w.-]*|[\w.-]+\.sh|supervisor[\w.-]*\.(?:conf|ini)|circus[\w.-]*\.ini|uwsgi[\w.-]*\.ini|(?:docker-)?compose[\w.-]*\.ya?ml|crontab[\w.-]*|fly\.toml|render\.yaml|\.flaskenv)$/;
const dockerfiles = /(?:^|\/)(?:Dockerfile[\w.-]*|Containerfile|[\w-]+\.Dockerfile)$/;
const mostFiles = 200;

/** Sources that commands in the project's own files name: Procfile, Dockerfile, shell scripts, supervisor, compose. */
export async function findWrittenCommands(project: Project, index: PythonIndex): Promise<readonly SourceNeed[]> {
  const needs: SourceNeed[] = [];
  const add = (line: string, because: Because): void => {
    for (const path of sourcesNamedBy(['sh', '-c', line], index.paths))
      needs.push({ path, kind: 'command-line', because });
  };
  const paths = new Set([
    ...project.files.map(({ path }) => path),
    ...project.leftOut.map(({ path }) => path),
    ...wellKnown,
  ]);
  const chosen = [...paths].filter((path) => commandFiles.test(path) || dockerfiles.test(path));
  for (const file of chosen.slice(0, mostFiles)) {
    const text = await readLoosely(project, file);
    if (text === undefined) continue;
    if (dockerfiles.test(file)) {
      for (const { line, words } of instructionsOf(text))
        if (/^(?:CMD|ENTRYPOINT|HEALTHCHECK)$/.test(words[0]))
          add(words[1].replaceAll(/[[\]",]/g, ' '), { file, line, rule: `${words[0]} of the ${file} names it` });
    } else {
      text.split(/\r?\n/).forEach((line, at) => {
        if (!/^\s*(?:#|\/\/)/.test(line))
          add(line.replaceAll(/[[\]",]/g, ' '), { file, line: at + 1, rule: `a command in ${file} names it` });
      });
    }
  }
  needs.push(...(await findStartedByHand(project, index)));
  for (const path of index.paths)
    if (isGunicornConfig(path))
      needs.push({
        path,
        kind: 'command-line',
        because: { file: path, rule: 'gunicorn looks for this name in its working folder' },
      });
  return needs;
}

/** What a person starts by its name: `python manage.py migrate`, `./job.py`. */
async function findStartedByHand(project: Project, index: PythonIndex): Promise<readonly SourceNeed[]> {
  const needs: SourceNeed[] = [];
  for (const { path, mode } of project.files) {
    const isManage = /(?:^|\/)manage\.py$/.test(path);
    if (!index.has(path) || !(isManage || mode === 0o755)) continue;
    const text = await index.readText(path);
    const isCommand = isManage && /\bexecute_from_command_line\b/.test(text);
    if (!isCommand && !(mode === 0o755 && text.startsWith('#!'))) continue;
    const rule = isCommand ? 'the commands of Django are started by it' : 'it is executable and says what runs it';
    needs.push({ path, kind: 'command-line', because: { file: path, line: 1, rule } });
  }
  return needs;
}

/** Left out of the image by rule, so that they may stand in no list. */
const wellKnown = ['Procfile', 'Dockerfile', 'Containerfile', 'compose.yaml', 'docker-compose.yml', '.flaskenv'];

async function readLoosely(project: Project, path: string): Promise<string | undefined> {
  try {
    return await project.readText(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^FILE_/.test(String(error.code))) return undefined;
    throw error;
  }
}
