/** A base that is set beside others. */
export type BaseCandidate =
  | { readonly kind: 'debian'; readonly label: string; readonly suite: string; readonly python: string }
  | { readonly kind: 'standalone'; readonly label: string }
  /** `docker://REFERENCE` or `oci:DIR`. */
  | { readonly kind: 'image'; readonly label: string; readonly place: string };

export interface CandidateWish {
  /** Minor version. */
  readonly python: string;
  /** Suites that are composed, with the Python that each has. */
  readonly suites: readonly { readonly suite: string; readonly python: string }[];
  readonly hasStandalone: boolean;
  /** Further ones, as a person names them: `docker://REFERENCE`, a bare reference, or `oci:DIR`. */
  readonly named: readonly string[];
}

/** Of the suites whose Python distroless images have. */
const debianNumbers: Readonly<Record<string, string>> = { bookworm: '12', trixie: '13' };

/** What a Python can be had in, each once: composed ones, those that Docker and distroless have, and those that somebody named. */
export function baseCandidates({ python, suites, hasStandalone, named }: CandidateWish): readonly BaseCandidate[] {
  const own = suites.filter((one) => one.python === python);
  const references = [
    `python:${python}`,
    `python:${python}-slim`,
    `python:${python}-alpine`,
    ...own.flatMap(({ suite }) => distrolessOf(suite)),
    ...named,
  ];
  const images = references.map(imageCandidate);
  return [
    ...own.map((one) => ({ kind: 'debian' as const, label: `Debian ${one.suite}`, ...one })),
    ...(hasStandalone ? [{ kind: 'standalone' as const, label: 'standalone' }] : []),
    ...images.filter((one, at) => images.findIndex((other) => other.label === one.label) === at),
  ];
}

function distrolessOf(suite: string): readonly string[] {
  const number = debianNumbers[suite];
  return number === undefined ? [] : [`gcr.io/distroless/python3-debian${number}`];
}

/** An image as a person names it. */
export function imageCandidate(text: string): Extract<BaseCandidate, { kind: 'image' }> {
  if (text.startsWith('oci:')) return { kind: 'image', label: text, place: text };
  const label = text.replace(/^docker:\/\//, '');
  return { kind: 'image', label, place: `docker://${label}` };
}
