import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseApplets } from '../../src/debian/busybox.ts';
import { validateLayout } from '../../src/oci/validate.ts';
import { type BuildReport, buildImage, failingBuild, runTare } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { expectAnswers, runContainer } from '../support/container.ts';
import { copyExample, type Example, readExamples, writeProject } from '../support/example.ts';
import { freePort } from '../support/http.ts';
import { makeTemporaryDir } from '../support/paths.ts';

let dir: string;
let example: Example;
let project: string;
let plain: BuildReport;

beforeAll(async () => {
  dir = await makeTemporaryDir('variants');
  const found = (await readExamples()).find((one) => one.name === 'fastapi-hello');
  if (found === undefined) throw new Error('the example is not there');
  example = found;
  project = join(dir, 'app');
  await copyExample(example, project);
  plain = await buildImage(project, ['-o', `oci:${join(dir, 'plain')}`]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** `tare run LAYOUT -- COMMAND`, which must end well. */
async function inside(layout: string, command: readonly string[], flags: readonly string[] = []): Promise<string> {
  const { code, stdout, stderr } = await runTare(['run', ...flags, layout, '--', ...command]);
  if (code !== 0) throw new Error(`it ended with ${code}\n${stdout}\n${stderr}`);
  return stdout;
}

const layersOf = ({ platforms }: BuildReport, at = 0) => platforms[at]?.layers ?? [];
const digestsOf = (report: BuildReport, without: string) =>
  layersOf(report)
    .filter((layer) => layer.kind !== without)
    .map((layer) => layer.digest);

describe('--debug', () => {
  let layout: string;
  let report: BuildReport;
  beforeAll(async () => {
    layout = join(dir, 'debug');
    report = await buildImage(project, ['--debug', '-o', `oci:${layout}`]);
  });

  test('adds one layer above all others, which stay the same blobs', async () => {
    expect(layersOf(report).at(-1)?.kind).toBe('debug');
    expect(digestsOf(report, 'debug')).toEqual(layersOf(plain).map((layer) => layer.digest));
    expect(await validateLayout(layout)).toEqual([]);
    const verified = await runTare(['verify', layout, '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ isSound: true, counts: { errors: 0, warnings: 0 } });
  });

  test('the plan names the package, its hash and why', async () => {
    const { stdout } = await runTare(['plan', project, '--debug', '--json']);
    const { targets, labels } = JSON.parse(stdout);
    expect(targets[0].debug).toMatchObject({
      name: 'busybox-static',
      filename: expect.stringMatching(/^pool\/main\/b\/busybox\/.*\.deb$/),
      because: { rule: expect.stringContaining('busybox of Debian trixie') },
    });
    expect(labels).toMatchObject({ 'tare.debug': 'true' });
  });

  test('has a shell, and a link for every applet that busybox itself lists', async (context) => {
    await requireComponent(context, 'runc');
    expect(await inside(layout, ['/busybox/ls', '/'], ['--engine', 'runc'])).toMatch(/^busybox$/m);
    const listed = await inside(layout, ['busybox', '--list'], ['--engine', 'runc']);
    const links = await inside(layout, ['sh', '-c', 'cd /busybox && ls -A | sort'], ['--engine', 'runc']);
    expect(links.trim().split('\n').toSorted()).toEqual(listed.trim().split('\n').toSorted());
  });

  test('is built and entered by one command', async (context) => {
    await requireComponent(context, 'runc');
    const args = ['run', '--debug', '--engine', 'runc', '--', 'sh', '-c', 'type vi'];
    expect((await runTare(args, { cwd: project })).stdout).toContain('/busybox/vi');
  });

  test.for(['trixie', 'bookworm'])('the applets of %s are read as its busybox lists them', async (suite) => {
    const flags = suite === 'bookworm' ? ['--python', '3.11'] : [];
    const root = join(dir, `root-${suite}`);
    const small = await writeProject(join(dir, `small-${suite}`), { 'main.py': 'print("hello")\n' });
    const args = [...flags, '--bytecode', 'none', '--debug', '-o', `rootfs:${root}`];
    await buildImage(small, ['--entrypoint', 'main.py', ...args]);
    const program = join(root, 'busybox/busybox');
    const listed = (await mustRun(program, ['--list'])).trim().split('\n');
    expect(parseApplets(await readFile(program), program)).toEqual(listed);
    expect(listed.length).toBeGreaterThan(200);
  });

  test('works for another processor', async (context) => {
    await requireComponent(context, 'runc');
    await requireComponent(context, 'qemu-aarch64');
    const other = join(dir, 'debug-arm64');
    const small = await writeProject(join(dir, 'small-arm64'), { 'main.py': 'print("hello")\n' });
    const flags = ['--platform', 'linux/arm64', '--bytecode', 'none', '--debug'];
    await buildImage(small, ['--entrypoint', 'main.py', ...flags, '-o', `oci:${other}`]);
    const run = ['--engine', 'runc', '--platform', 'linux/arm64'];
    expect(await inside(other, ['/busybox/uname', '-m'], run)).toBe('aarch64\n');
  });
});

/** A company's authority, and a server on loopback that it vouches for. */
async function startServer(): Promise<Server> {
  const at = (name: string): string => join(dir, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  const subject = ['-subj', '/O=Example GmbH/CN=Example Root CA'];
  const authority = ['-days', '2', ...subject, ...usage, '-keyout', at('ca.key'), '-out', at('company.pem')];
  await mustRun('openssl', ['req', '-x509', ...key, ...authority]);
  await writeFile(at('ext'), 'subjectAltName=IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n');
  await mustRun('openssl', ['req', '-new', ...key, '-subj', '/CN=s', '-keyout', at('s.key'), '-out', at('s.csr')]);
  const sign = ['-CA', at('company.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('ext')];
  await mustRun('openssl', ['x509', '-req', '-days', '2', '-in', at('s.csr'), '-out', at('s.pem'), ...sign]);
  const made = createServer({ key: await readFile(at('s.key')), cert: await readFile(at('s.pem')) }, (_, response) =>
    response.end('from the inside'),
  );
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return made;
}

describe('ca-certificates', () => {
  let server: Server;
  let url: string;
  const engine = ['--engine', 'runc'];
  beforeAll(async () => {
    server = await startServer();
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const clients = [
    ['urllib', 'import urllib.request as u; print(u.urlopen("URL").read().decode())'],
    [
      'ssl',
      'import socket, ssl; c = ssl.create_default_context().wrap_socket(socket.create_connection(("127.0.0.1", PORT)), server_hostname="127.0.0.1"); print(c.version(), "from the inside")',
    ],
    ['httpx, which brings certificates of its own', 'import httpx; print(httpx.get("URL").text)'],
  ] as const;

  test('are in one layer more, and every client in the image trusts them', async (context) => {
    await requireComponent(context, 'runc');
    const layout = join(dir, 'company');
    const report = await buildImage(project, ['--ca-certificate', join(dir, 'company.pem'), '-o', `oci:${layout}`]);
    expect(
      layersOf(report)
        .map((layer) => layer.kind)
        .slice(-2),
    ).toEqual(['certificates', 'application']);
    expect(digestsOf(report, 'certificates')).toEqual(layersOf(plain).map((layer) => layer.digest));
    for (const [name, script] of clients) {
      const port = new URL(url).port;
      const command = ['python', '-c', script.replace('URL', url).replace('PORT', port)];
      expect(await inside(layout, command, engine), name).toContain('from the inside');
      const without = await runTare(['run', ...engine, join(dir, 'plain'), '--', ...command]);
      expect(without.stderr, name).toContain('CERTIFICATE_VERIFY_FAILED');
    }
  });

  test('stand beside those of public authorities, and where update-ca-certificates keeps them', async (context) => {
    await requireComponent(context, 'runc');
    const read =
      'import ssl, os; c = ssl.create_default_context(); print(len(c.get_ca_certs())); print(os.listdir("/usr/local/share/ca-certificates"))';
    const [before = ''] = (
      await inside(join(dir, 'plain'), ['python', '-c', read.split('; print(os')[0] ?? ''], engine)
    ).split('\n');
    const [after = '', files = ''] = (await inside(join(dir, 'company'), ['python', '-c', read], engine)).split('\n');
    expect(Number(before)).toBeGreaterThan(100);
    expect(Number(after)).toBe(Number(before) + 1);
    expect(files).toMatch(/^\['example-root-ca-[0-9a-f]{8}\.crt'\]$/);
  });

  test('the plan names subject, fingerprint and last day, and no path of this machine', async () => {
    const { stdout } = await runTare(['plan', project, '--ca-certificate', join(dir, 'company.pem'), '--json']);
    const fingerprint = await mustRun('openssl', [
      'x509',
      '-noout',
      '-fingerprint',
      '-sha256',
      '-in',
      join(dir, 'company.pem'),
    ]);
    const hex = fingerprint.split('=')[1]?.trim().replaceAll(':', '').toLowerCase();
    expect(JSON.parse(stdout).certificates.added).toEqual([
      {
        subject: 'O=Example GmbH, CN=Example Root CA',
        fingerprint: `sha256:${hex}`,
        expires: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        path: expect.stringMatching(/^\/usr\/local\/share\/ca-certificates\//),
      },
    ]);
    expect(stdout).not.toContain(dir);
  });

  test('of the configuration are meant from the project, and a key among them is refused', async () => {
    const text = '[project]\nname = "x"\nversion = "1"\n[tool.tare]\nca-certificates = ["certs/company.pem"]\n';
    const company = await readFile(join(dir, 'company.pem'), 'utf8');
    const own = await writeProject(join(dir, 'own'), { 'main.py': 'print(1)\n', 'pyproject.toml': text });
    const args = ['--entrypoint', 'main.py'];
    expect(await failingBuild(own, args)).toMatchObject({ code: 'CERTIFICATE_MISSING', where: 'pyproject.toml:5' });
    await writeProject(own, { 'certs/company.pem': company });
    expect(layersOf(await buildImage(own, args)).map((layer) => layer.kind)).toContain('certificates');
    await writeProject(own, { 'certs/company.pem': company + (await readFile(join(dir, 'ca.key'), 'utf8')) });
    const refused = await failingBuild(own, args);
    expect(refused).toMatchObject({ code: 'CERTIFICATE_HAS_KEY', exit: 1 });
  });
});

describe('read-only', () => {
  const unwritable = ['python', '-c', 'import pathlib; pathlib.Path("/tmp/x").touch(); pathlib.Path("/app/x").touch()'];

  test.for(['runc', 'namespaces'] as const)(
    'an image made for it runs so by itself and answers: %s',
    async (engine, context) => {
      await requireComponent(context, engine === 'runc' ? 'runc' : 'root');
      const layout = join(dir, 'read-only');
      // These engines have the network of the machine, where others may have its own port.
      const port = await freePort();
      await buildImage(project, ['--read-only', '--port', String(port), '-o', `oci:${layout}`]);
      const refused = await runTare(['run', '--engine', engine, layout, '--', ...unwritable]);
      expect(refused.stderr).toMatch(/Read-only file system: '\/app\/x'/);
      expect(await inside(layout, ['sh', '-c', 'echo $HOME'], ['--engine', engine])).toBe('/tmp\n');
      const { plan } = example.expectation;
      const expectation = { ...example.expectation, plan: { ...plan, process: { ...plan.process, ports: [port] } } };
      const running = await runContainer(layout, expectation, ['--engine', engine]);
      try {
        await expectAnswers(running.url, example.expectation.container.requests, example.source);
      } finally {
        await running.process.stop();
      }
    },
  );

  test('any image can be run so', async (context) => {
    await requireComponent(context, 'runc');
    const run = ['run', '--engine', 'runc', join(dir, 'plain')];
    expect((await runTare([...run, '--', ...unwritable])).code).toBe(0);
    const refused = await runTare([...run, '--read-only', '--', ...unwritable]);
    expect(refused.stderr).toMatch(/Read-only file system: '\/app\/x'/);
  });

  test('the plan says what must be writable, and how docker is told', async () => {
    const { stdout } = await runTare(['plan', project, '--read-only']);
    expect(stdout).toMatch(/read-only +but for \/tmp: docker run --read-only --tmpfs \/tmp IMAGE/);
  });
});

describe('user, working folder, variables and labels', () => {
  test.for(['1000', '1000:0', '33', '2000660000', 'root'])(
    'user %s has a home that can be written, and a name',
    async (user, context) => {
      await requireComponent(context, 'runc');
      const layout = join(dir, `user-${user.replace(':', '-')}`);
      const flags = ['--user', user, '--workdir', '/srv/deep/in/a/tree/'];
      await buildImage(project, [...flags, '-o', `oci:${layout}`]);
      const script =
        'import getpass, os, pathlib; pathlib.Path.home().joinpath("x").touch(); pathlib.Path("x").touch(); print(os.getuid(), os.getcwd(), getpass.getuser() != "", pathlib.Path.home() == pathlib.Path(os.path.expanduser("~")))';
      const said = await inside(layout, ['python', '-c', script], ['--engine', 'runc']);
      expect(said).toBe(`${user === 'root' ? 0 : user.split(':')[0]} /srv/deep/in/a/tree True True\n`);
      const { stdout } = await runTare(['verify', layout, '--json']);
      const codes = JSON.parse(stdout).platforms[0].findings.map((one: { code: string }) => one.code);
      expect(codes).toEqual(user === 'root' ? ['user-is-root'] : []);
    },
  );

  test('flags win over the file name by name, and replace what tare would have set', async () => {
    const text =
      '[project]\nname = "x"\nversion = "1"\n[tool.tare.env]\nA = "file"\nB = "file"\nPYTHONPATH = "/x"\n[tool.tare.labels]\n"a.b" = "file"\n"org.opencontainers.image.title" = "Shop"\n';
    const own = await writeProject(join(dir, 'names'), { 'main.py': 'print(1)\n', 'pyproject.toml': text });
    const flags = ['--entrypoint', 'main.py', '--env', 'A=flag=x', '--env', 'LANG=de_DE.UTF-8', '--label', 'a.b=flag'];
    const { stdout, stderr } = await runTare(['plan', own, ...flags, '--json']);
    const plan = JSON.parse(stdout);
    const valueOf = (name: string) => plan.env.find((one: { name: string }) => one.name === name);
    expect(valueOf('A')).toMatchObject({ value: 'flag=x', because: { rule: '`--env` on the command line' } });
    expect(valueOf('B')).toMatchObject({ value: 'file', because: { file: 'pyproject.toml', line: 4 } });
    expect(valueOf('LANG').value).toBe('de_DE.UTF-8');
    expect(plan.labels).toMatchObject({ 'a.b': 'flag', 'org.opencontainers.image.title': 'Shop' });
    expect(stderr).toContain('`PYTHONPATH` of the configuration replaces');
  });

  test.for([
    [['--env', 'A'], 'USAGE'],
    [['--label', '=x'], 'USAGE'],
    [['--label', 'tare.read-only=true'], 'CONFIG_INVALID'],
    [['--workdir', 'app'], 'CONFIG_INVALID'],
    [['--workdir', '/usr/bin'], 'CONFIG_INVALID'],
    [['--user', 'bob'], 'USER_INVALID'],
  ] as const)('%o is refused', async ([flags, code]) => {
    expect(await failingBuild(project, flags)).toMatchObject({ code });
  });
});
