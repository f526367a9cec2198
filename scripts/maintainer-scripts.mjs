// Reads the maintainer scripts of the Debian packages that Python applications ask for, with all that these depend on, and says what
// becomes of each command (src/debian/maintainer-rules.data.ts). Fails where nobody has judged one. Packages come from this machine's
// Debian mirror and stay in .bench/maintainer-scripts.
//   node scripts/maintainer-scripts.mjs [--open] [SUITE...]      all suites unless told; --open: only what is left open
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileSources } from './compile-sources.mjs';

/** Under the names of any suite: where one does not have a name, it is passed over. */
const wanted = `
  antiword catdoc chromium chromium-driver curl default-mysql-client djvulibre-bin dumb-init espeak-ng exiftool ffmpeg fontconfig
  fonts-dejavu-core fonts-noto-cjk fonts-wqy-zenhei freetds-bin ghostscript git glib-networking gnupg2 gosu graphviz imagemagick libaio1
  libaio1t64 libasound2 libasound2t64 libatk-bridge2.0-0 libatk-bridge2.0-0t64 libatk1.0-0 libatk1.0-0t64 libavcodec58 libavcodec59
  libavcodec61 libblas3 libcairo2 libcups2 libcups2t64 libcurl4 libcurl4t64 libdbus-1-3 libdjvulibre21 libegl1 libegl1-mesa libespeak-ng1
  libffi7 libffi8 libfontconfig1 libfreetype6 libgbm1 libgdal28 libgdal32 libgdal36 libgdk-pixbuf-2.0-0 libgdk-pixbuf2.0-0 libgeoip1
  libgeos-c1t64 libgeos-c1v5 libgfortran5 libgirepository-1.0-1 libgl1 libgl1-mesa-dri libgl1-mesa-glx libglib2.0-0 libglib2.0-0t64
  libglx-mesa0 libgomp1 libgssapi-krb5-2 libgthread-2.0-0 libgtk-3-0 libgtk-3-0t64 libgtk2.0-0 libharfbuzz-subset0 libhdf5-103 libhdf5-310
  libheif1 libicu67 libicu72 libicu76 libimage-exiftool-perl libjemalloc2 libjpeg62-turbo libkrb5-3 liblapack3 libldap-2.4-2 libldap-2.5-0
  libldap-common libldap2 libleveldb1d libmagic1 libmagic1t64 libmagickwand-6.q16-6 libmagickwand-7.q16-10 libmariadb3 libmaxminddb0 libnss3
  libodbc1 libodbc2 libopenblas0 libopenjp2-7 libpango-1.0-0 libpangocairo-1.0-0 libpangoft2-1.0-0 libpcre2-8-0 libpcre2-posix3 libpcre3
  libportaudio2 libpq5 libproj25 libpython3.11 libpython3.13 libqt5core5a libqt5core5t64 libqt5gui5 libreadline8 libreadline8t64
  librdkafka1 librsvg2-2 librsvg2-common libsasl2-2 libsasl2-modules libsasl2-modules-gssapi-mit libsm6 libsnappy1v5 libsndfile1 libsodium23
  libsox-fmt-all libspatialindex6 libsqlite3-0 libsqlite3-mod-spatialite libssl1.1 libssl3 libssl3t64 libsybdb5 libtcmalloc-minimal4
  libtcmalloc-minimal4t64 libtiff5 libtiff6 libturbojpeg0 libudev1 libusb-1.0-0 libvips42 libvips42t64 libwebp6 libwebp7 libx11-6 libxcb-cursor0
  libxcb1 libxext6 libxkbcommon-x11-0 libxml2 libxmlsec1 libxmlsec1-openssl libxmlsec1t64 libxrender1 libxslt1.1 libyaml-0-2 libzbar0
  libzbar0t64 libzmq5 locales mupdf-tools netcat netcat-openbsd netcat-traditional odbc-postgresql openssl p7zip-full pandoc
  pango1.0-tools poppler-utils postgresql-client procps python3-distutils qpdf redis-tools shared-mime-info software-properties-common sox
  tdsodbc tesseract-ocr tesseract-ocr-eng tini unixodbc unrtf unzip wkhtmltopdf
`
  .split(/\s+/)
  .filter((name) => name !== '');

/** What tare does not do and says so, see docs/system-packages.md. */
const knownOpen = new Map([
  ['locales', /^(?:locale-gen|update-locale)\b/],
  ['ca-certificates-java', /^(?:java|keytool)\b/],
  ['sgml-base', /^update-catalog /],
  ['xml-core', /^update-xmlcatalog /],
]);

const root = fileURLToPath(new URL('..', import.meta.url));
const here = join(root, '.bench/maintainer-scripts');
const compiled = join(here, 'compiled');
const modules = {
  context: 'api/context',
  cache: 'store/cache',
  mirror: 'debian/mirror',
  deb: 'debian/deb',
  relation: 'debian/relation',
  scripts: 'debian/maintainer-scripts',
  solve: 'debian/solve',
};

/** Every package that one of the wanted ones brings along under Debian's own dependencies. */
function closure({ solve, relation }, index) {
  const found = new Map();
  for (const name of wanted) {
    const exists = index.find(name) !== undefined || index.providers(name).length > 0;
    if (!exists) continue;
    const groups = relation.parseRelations(name, index.architecture);
    for (const one of solve.solvePackages(index, { wanted: groups })) found.set(one.name, one);
  }
  return [...found.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** One after the other where not all are there: mirrors drop old security fixes. */
async function fetchAll(context, packages) {
  const cache = tare.cache.openCache(context.cacheDir);
  const fetch = (some) => tare.mirror.fetchDebs(context, some, cache);
  const all = await fetch(packages).catch(() => undefined);
  if (all !== undefined) return all;
  const found = [];
  for (const one of packages) {
    found.push(
      ...(await fetch([one]).catch((error) => console.error(`${one.name} is not read: ${error.message}`) ?? [])),
    );
  }
  return found;
}

async function check(suite, onlyOpen) {
  const context = tare.context.createContext({ cacheDir: join(here, 'cache') });
  const index = await tare.mirror.openSuite(context, {}, suite, 'amd64');
  const packages = closure(tare, index);
  const debs = await fetchAll(context, packages);
  const total = { scripts: 0, commands: 0, alternatives: 0, known: 0, unknown: 0 };
  console.log(`\n## ${suite}\n\n| package | not needed | done by tare | unsupported |\n|---|---|---|---|`);
  for (const { file, package: one } of debs) {
    const facts = tare.scripts.readMaintainerScripts(await tare.deb.readDebControl(file));
    const count = (verdict) => facts.judged.filter((command) => command.verdict === verdict).length;
    const open = tare.scripts.openCommands(facts);
    const unknown = open.filter(({ command }) => knownOpen.get(one.name)?.test(command) !== true);
    const diverted = facts.diversions;
    total.scripts += facts.scripts.filter((name) => /inst$/.test(name)).length;
    total.commands += facts.judged.length;
    total.alternatives += facts.alternatives.length;
    total.known += open.length - unknown.length;
    total.unknown += unknown.length + diverted.length;
    const isShown = onlyOpen ? open.length > 0 : facts.judged.some(({ script }) => script !== 'triggers');
    if (isShown) console.log(`| ${one.name} | ${count('not needed')} | ${count('done by tare')} | ${open.length} |`);
    for (const { script, line, command } of unknown)
      console.error(`${suite} ${one.name} ${script}:${line}: ${command}`);
    for (const path of diverted) console.error(`${suite} ${one.name} diverts ${path}`);
  }
  console.log(
    `\n${suite}: ${debs.length} packages, ${total.scripts} scripts, ${total.commands} commands and triggers, ` +
      `${total.alternatives} alternatives; ${total.known} unsupported and named, ${total.unknown} that nobody has judged`,
  );
  return total.unknown;
}

const options = process.argv.slice(2);
const suites = options.filter((one) => !one.startsWith('--'));
const tare = await compileSources(compiled, modules);
let unknown = 0;
for (const suite of suites.length === 0 ? ['bookworm', 'trixie'] : suites) {
  unknown += await check(suite, options.includes('--open'));
}
rmSync(compiled, { recursive: true, force: true });
process.exitCode = unknown === 0 ? 0 : 1;
