export interface Stopwatch {
  readonly measure: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  /** Whole milliseconds by name, with `total`. */
  readonly milliseconds: () => Readonly<Record<string, number>>;
}

export function createStopwatch(): Stopwatch {
  const start = performance.now();
  const parts: Record<string, number> = {};
  return {
    measure: async (name, work) => {
      const begun = performance.now();
      try {
        return await work();
      } finally {
        parts[name] = Math.round(performance.now() - begun);
      }
    },
    milliseconds: () => ({ ...parts, total: Math.round(performance.now() - start) }),
  };
}
