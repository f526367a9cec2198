import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** As many files as one call takes. */
const atOnce = 64;

/** Where `readelf` says something else of a file than tare. */
export function compareWithReadelf(root, files) {
  const differences = [];
  for (let at = 0; at < files.length; at += atOnce) {
    const some = files.slice(at, at + atOnce);
    const texts = readelf(root, some);
    for (const [place, file] of some.entries()) {
      const theirs = factsOf(texts[place] ?? '');
      const ours = sorted(file.elf);
      for (const key of Object.keys(theirs)) {
        const [left, right] = [JSON.stringify(ours[key]), JSON.stringify(theirs[key])];
        if (left !== right) differences.push(`/${file.path}: ${key} is ${left}, and ${right} for readelf`);
      }
    }
  }
  return differences;
}

function readelf(root, files) {
  // A single file has no heading.
  const paths = [...files, ...(files.length === 1 ? files : [])].map(({ path }) => join(root, path));
  const { stdout } = spawnSync('readelf', ['-W', '-d', '-V', '-l', ...paths], {
    env: { ...process.env, LC_ALL: 'C' },
    encoding: 'utf8',
    maxBuffer: 2 ** 29,
  });
  return stdout.split(/^File: .*\n/m).slice(1);
}

function factsOf(text) {
  const all = (pattern) => [...text.matchAll(pattern)].map((match) => match[1]);
  const needs = sectionOf(text, 'Version needs');
  const neededVersions = [];
  let library;
  for (const line of needs.split('\n')) {
    library = /\bFile: (\S+) /.exec(line)?.[1] ?? library;
    const version = /^ +0x[0-9a-f]+: +Name: (\S+)/.exec(line)?.[1];
    if (version !== undefined) neededVersions.push(`${library} ${version}`);
  }
  const definedVersions = [...sectionOf(text, 'Version definition').matchAll(/Flags: (.+?) +Index: .*Name: (\S+)/g)]
    .filter(([, flags]) => !flags.includes('BASE'))
    .map(([, , name]) => name);
  return {
    needed: all(/\(NEEDED\).*\[(.*)\]$/gm),
    soname: all(/\(SONAME\).*\[(.*)\]$/gm)[0],
    rpath: all(/\(RPATH\).*\[(.*)\]$/gm)[0],
    runpath: all(/\(RUNPATH\).*\[(.*)\]$/gm)[0],
    interpreter: all(/\[Requesting program interpreter: (.*)\]$/gm)[0],
    neededVersions: neededVersions.toSorted(),
    definedVersions: definedVersions.toSorted(),
  };
}

function sectionOf(text, name) {
  return new RegExp(`^${name}s? section[\\s\\S]*?(?=\\n\\n|$(?![\\s\\S]))`, 'm').exec(text)?.[0] ?? '';
}

function sorted(facts) {
  const neededVersions = facts.neededVersions.map(({ library, version }) => `${library} ${version}`).toSorted();
  return { ...facts, neededVersions, definedVersions: facts.definedVersions.toSorted() };
}
