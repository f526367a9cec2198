/** The registry that names without a host mean, and where its interface is. */
const dockerHub = 'docker.io';
const dockerHubApi = `registry-1.${dockerHub}`;

/** Where a registry's interface is: the host itself but for Docker's. */
export function apiHost(registry: string): string {
  return isDockerHub(registry) ? dockerHubApi : registry;
}

/** The name under which docker, its helpers and podman keep the credentials of a registry. */
export function credentialKey(registry: string): string {
  return isDockerHub(registry) ? `https://index.${dockerHub}/v1/` : registry;
}

export function isDockerHub(registry: string): boolean {
  return registry === dockerHub || registry === `index.${dockerHub}` || registry === dockerHubApi;
}

/** `[::1]:5000` and `127.0.0.1` and `localhost:5000`: this machine, where nobody listens on the way. */
export function isLoopback(host: string): boolean {
  const name = hostName(host);
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** Without the port and the brackets. */
export function hostName(host: string): string {
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
}
