import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderDockerfile } from '../../src/dockerfile/render.ts';
import { type DockerfileInputs, variants } from '../../src/dockerfile/types.ts';

const folder = join(import.meta.dirname, 'dockerfile');

/** Plans of the examples as `tare dockerfile` made them once, cut down to what a Dockerfile is made of. */
function readInputs(example: string): DockerfileInputs {
  return JSON.parse(readFileSync(join(folder, `${example}.json`), 'utf8')) as DockerfileInputs;
}

describe.each(['fastapi-hello', 'ultralytics-serving', 'src-layout'])('the Dockerfiles of %s', (example) => {
  test.each(variants)('%s', async (variant) => {
    const { text } = renderDockerfile(readInputs(example), { variant });
    await expect(text).toMatchFileSnapshot(`./dockerfile/${example}.${variant}.Dockerfile`);
  });

  test('the ignore file', async () => {
    const { dockerignore } = renderDockerfile(readInputs(example), { variant: 'venv' });
    await expect(dockerignore).toMatchFileSnapshot(`./dockerfile/${example}.dockerignore`);
  });
});
