/** Where a fact or decision comes from: a file (relative to the project, `/` separated) and line, or a rule, or both. */
export interface Because {
  readonly file?: string;
  /** One-based. */
  readonly line?: number;
  /** A short sentence without a final period: "the newest Python of a Debian suite that `requires-python` allows". */
  readonly rule: string;
}

/** A value with its source. */
export interface Fact<T> {
  readonly value: T;
  readonly because: Because;
}
