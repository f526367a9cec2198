interface CausePattern {
  readonly kind: string;
  readonly pattern: RegExp;
  /** `{1}` is what the first group matched. */
  readonly what: string;
  readonly hint: string;
  readonly transient?: boolean;
}

/** What pip, uv, apt, registries, kernels and the builders themselves say, by what it means. The first that matches counts. */
export const failureCauses: readonly CausePattern[] = [
  {
    kind: 'no-space',
    pattern: /no space left on device|disk quota exceeded|not have enough free space|not enough space/i,
    what: 'no space is left where the builder works',
    hint: 'free some: `docker builder prune`, `buildctl prune`, `podman system prune` or `buildah prune`',
  },
  {
    kind: 'socket-denied',
    pattern: /permission denied while trying to connect|dial unix \S+: connect: permission denied/i,
    what: 'this user may not use the socket of the engine',
    hint: 'run: sudo usermod -aG docker "$USER", then log in again; or use --engine podman',
  },
  {
    kind: 'engine-lost',
    pattern:
      /Cannot connect to the Docker daemon|failed to connect to the docker API|error reading from server: EOF|connection error: desc|closing transport due to/i,
    what: 'the engine does not answer, or went away',
    hint: 'see whether it runs, then build again: what was made is in its cache',
    transient: true,
  },
  {
    kind: 'exec-format',
    pattern: /exec format error|exec user process caused.*format/i,
    what: 'the builder cannot run programs of this platform',
    hint: 'install emulators where the builder runs: apt-get install qemu-user-static binfmt-support, or docker run --privileged --rm tonistiigi/binfmt --install all; or build without --engine, which runs nothing',
  },
  {
    kind: 'old-builder',
    pattern:
      /--mount option requires BuildKit|Unknown flag: (?:link|mount)|COPY only supports the|unknown flag: --?(\S+)|unexpected key '\S+' in|Unknown instruction: "?(?:<<|COPY<<)/i,
    what: 'the builder is too old for what the Dockerfile uses',
    hint: 'use a newer one (BuildKit 0.10, Docker 23, buildah 1.24 or newer), or `--variant plain`',
  },
  {
    kind: 'secret-missing',
    pattern:
      /secret (\S+?)(?: not found)?: not found|secret required but no secret with id (\S+) found|secret "?(\S+?)"? not found/,
    what: 'a step wants the secret `{1}{2}{3}`, which was not given',
    hint: 'configure what it stands for (pip, uv, netrc, apt, a CA), then build again',
  },
  {
    kind: 'certificate',
    pattern:
      /CERTIFICATE_VERIFY_FAILED|certificate verify failed|unable to get local issuer certificate|certificate signed by unknown authority|invalid peer certificate|UnknownIssuer|The certificate is NOT trusted|certificate issuer is unknown|self[- ]signed certificate/i,
    what: 'a certificate is not trusted: often a proxy that opens TLS with an authority of its own',
    hint: 'name its authority with SSL_CERT_FILE or PIP_CERT, which goes into the steps as a secret; for a registry, install it where the builder runs',
  },
  {
    kind: 'login',
    pattern:
      /pull access denied|unauthorized: |no basic auth credentials|insufficient_scope|authentication required|User for \S+|401 Error, Credentials|denied: requested access|401 Unauthorized|403 Forbidden|HTTP error 40[13]|status code 40[13]/i,
    what: 'a login is wanted, or the one that is configured is refused',
    hint: 'for an image: `docker login` or `podman login` to that registry; for an index: correct the credentials in the settings of pip or uv, or in netrc',
  },
  {
    kind: 'no-network',
    pattern:
      /no such host|Could not resolve|Temporary failure (?:in name resolution|resolving)|Name or service not known|No address associated with hostname|failed to lookup address|dns error|nodename nor servname|network bridge not found|Network is unreachable|network is down|No route to host|Failed to establish a new connection|connect: connection refused|Connection refused|Connection timed out|i\/o timeout|TLS handshake timeout|ReadTimeoutError|Connection reset by peer/i,
    what: 'something on the network could not be reached',
    hint: 'check the network of the builder: names, proxies (HTTPS_PROXY as it sees them), the mirrors that are configured',
    transient: true,
  },
  {
    kind: 'base-missing',
    pattern:
      /failed to resolve source metadata for (\S+?): .*not found|manifest for (\S+) not found|reading manifest (\S+) in \S+: manifest unknown|(?:initializing source|creating build container).*(?:manifest unknown|name unknown)|repository does not exist/,
    what: 'the base image {1}{2}{3} is not in its registry, or no longer',
    hint: 'write the Dockerfile anew with `tare dockerfile --refresh`, or name another base with --base',
  },
  {
    kind: 'package-missing',
    pattern:
      /Unable to locate package (\S+)|Package '([^']+)' has no installation candidate|Version '[^']*' for '([^']+)' was not found/,
    what: 'the Debian package `{1}{2}{3}` is not in the suite of the base image',
    hint: 'correct `system-packages`: names change between suites; `tare plan` says what was chosen and why',
  },
  {
    kind: 'hash-mismatch',
    pattern:
      /DO NOT MATCH THE HASHES|Hash mismatch for|Hashes are required|File has unexpected size|Hash Sum mismatch/i,
    what: 'a file that was downloaded is not the one that was locked',
    hint: 'see whether a mirror or a proxy serves old or other files; else lock anew',
  },
  {
    kind: 'nothing-found',
    pattern: /satisfies the requirement (\S+) \(from versions: none\)/,
    what: 'the index has nothing for {1}, or shows nothing to this login',
    hint: 'see which index the step asks, and whether the settings of pip or uv, or netrc, have its login',
  },
  {
    kind: 'no-wheel',
    pattern:
      /No matching distribution found for ([^\n]+)|Could not find a version that satisfies the requirement ([^\n(]+)|Because ([^\n]+) has no (?:wheels|usable)[^\n]*|No solution found when resolving|doesn't have a (?:source distribution or )?wheel/i,
    what: 'no wheel fits {1}{2}{3}',
    hint: 'see whether the index that the step asks has it, and a wheel for this Python and platform: `tare plan`',
  },
  {
    kind: 'compiler-missing',
    pattern:
      /(?:command '|\b)(gcc|g\+\+|cc|clang|rustc|cargo|cmake|make|pkg-config)'? (?:failed: No such file|not found)|: (gcc|g\+\+|cc|cargo|cmake|make): not found|error: command '([^']+)' failed: No such file/,
    what: 'a distribution is compiled from its source, and `{1}{2}{3}` is not in the image of the step',
    hint: 'use a version that has a wheel, or `--variant plain`, whose stages have compilers',
  },
  {
    kind: 'library-missing',
    pattern: /(lib[\w.+-]+\.so[\w.]*): cannot open shared object file/,
    what: 'the library `{1}` is missing',
    hint: 'add the Debian package that has it to `system-packages`',
  },
  {
    kind: 'killed',
    pattern:
      /exit (?:code:|status) 137|returned a non-zero code: 137|cannot allocate memory|out of memory|\bOOMKilled\b|\bBrokenProcessPool\b|^Killed$/im,
    what: 'a step was killed, most likely for want of memory',
    hint: 'give the builder more memory (Docker Desktop: Settings, Resources), or build on another: --builder NAME',
  },
  {
    kind: 'file-missing',
    pattern:
      /failed to (?:compute cache key|calculate checksum)[^\n]*: "?([^"\n]+?)"?:? not found|copier: stat: "([^"]+)": no such file|COPY failed: [^\n]*?stat (\S+): file does not exist/,
    what: 'the file `{1}{2}{3}` that is to be copied is not in the context',
    hint: 'write the Dockerfile and its .dockerignore anew: `tare dockerfile`',
  },
  {
    kind: 'syntax',
    pattern: /dockerfile parse error[^\n]*|Unknown instruction: "[^"]*"|unknown instruction: \S+/i,
    what: 'the builder does not understand the Dockerfile',
    hint: 'use a newer builder, or `--variant plain`',
  },
  {
    kind: 'unsupported-output',
    pattern:
      /(\w+) exporter is not supported for the docker driver|Multi-platform build is not supported for the docker driver|Cache export is not supported for the docker driver|exporter "(\w+)" could not be found/i,
    what: 'this builder cannot write that kind of output',
    hint: 'make a builder that can: `docker buildx create --use --driver docker-container`',
  },
];
