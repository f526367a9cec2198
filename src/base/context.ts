/** Everything ambient, made once by the caller and passed in: below `cli/` nobody reads env, cwd or the clock. */
export interface Context {
  /** The environment variables of the caller, for the configuration of pip, uv, apt and proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder, absolute. */
  readonly home: string;
  /** Absolute path of tare's cache folder. It may not exist yet. */
  readonly cacheDir: string;
  /** How many worker threads may run at once, at least 1. */
  readonly workers: number;
  /** No network: what is not in the cache is an error. */
  readonly offline: boolean;
  /** Look again at indexes that the cache still considers fresh. */
  readonly refresh: boolean;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly progress: Progress;
  readonly http: HttpClient;
  /** `process.platform` and `process.arch` of the host. */
  readonly host: { readonly platform: string; readonly arch: string };
}

/** Where messages for the person go. A warning is shown; `debug` only when asked for. */
export interface Log {
  readonly warn: (message: string, hint?: string) => void;
  readonly info: (message: string) => void;
  readonly debug: (message: string) => void;
}

/** One long-running piece of work, as the progress view shows it. Units are bytes unless `total` says otherwise. */
export interface ProgressTask {
  readonly advance: (bytes: number) => void;
  readonly done: (note?: string) => void;
}

export interface Progress {
  /** `total` in bytes where it is known. */
  readonly start: (name: string, total?: number) => ProgressTask;
}

/** A body that is read while it is sent, and anew each time that the request is sent. */
export interface HttpStream {
  /** Bytes, exactly. */
  readonly size: number;
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** How one origin is reached, where it differs from all others. It does not go along to another origin. */
export interface HttpConnection {
  /** Certificates that are trusted besides those of everybody, PEM. */
  readonly authorities?: readonly string[];
  /** What this side shows, PEM, with its key. */
  readonly client?: { readonly certificate: string; readonly key: string };
  /** Any certificate is taken. */
  readonly isUnverified?: boolean;
  /** No proxy, whatever the environment says. */
  readonly isDirect?: boolean;
}

export interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | HttpStream;
  readonly signal?: AbortSignal;
  readonly connection?: HttpConnection;
  /** Sent twice it does what it does once, whatever its method: it may be sent again. */
  readonly isRepeatable?: boolean;
  /** Its body holds a secret: a redirect to another origin is refused. */
  readonly isConfidential?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** A header's value by lower-case name; several values are joined with `, `. */
  readonly header: (name: string) => string | undefined;
  /** The address that answered, after redirects. */
  readonly url: string;
  /** Must be read to its end or destroyed by breaking out of the loop. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * One request. Follows redirects (credentials never go to another origin), knows proxies and CA from the environment,
 * retries what is safe to retry. Throws `TareError` `HTTP_FAILED` (transient) when no answer came; a status is no error.
 */
export interface HttpClient {
  readonly request: (request: HttpRequest) => Promise<HttpResponse>;
}
