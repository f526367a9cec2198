/** Sonames, or names of commands, any of which will do; the best first. Never empty. */
export type Alternatives = readonly string[];

/**
 * `required`: importing the distribution fails without it, or nothing of what the distribution is for works.
 * `optional`: a part of its functions does not work.
 */
export type NeedStrength = 'required' | 'optional';

/** What a distribution needs of the system and no ELF file tells. Checked against the distribution's own files. */
export interface KnowledgeEntry {
  /** Normalised (PyPA name normalisation). */
  readonly distribution: string;
  /** PEP 440 specifier set; absent: every version. */
  readonly versions?: string;
  /** Distributions that make the need void when they are installed beside it. */
  readonly unlessBeside?: readonly string[];
  /** A file of the wheel, relative to `site-packages`, that makes the need void: the library that it brings itself. */
  readonly unlessFile?: RegExp;
  /** What it loads by ctypes, cffi or dlopen, by soname. */
  readonly libraries?: readonly Alternatives[];
  /** What it executes, by the command's name. */
  readonly programs?: readonly Alternatives[];
  readonly need: NeedStrength;
  /** Where only other distributions ask for it: they use it for a part of what they do, or guard its import. */
  readonly needIfIndirect?: 'optional';
  /** When the need arises, to follow "when": "an MP3 file is read". */
  readonly condition: string;
  /** The file and function that prove it. */
  readonly evidence: string;
  /** Names that no suite of Debian has, or not every one, and why. */
  readonly absent?: string;
}

/** A wheel that was chosen, as far as its needs are concerned. */
export interface KnownWheel {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  /** Paths relative to `site-packages`. Absent: a wheel for one platform is taken to bring its library, a pure one not. */
  readonly files?: readonly string[];
  /** Whether the application itself asks for it. @default true */
  readonly isDirect?: boolean;
}

/** One thing that must, or may, be there for a chosen wheel. */
export interface KnownNeed {
  readonly kind: 'library' | 'program';
  readonly names: Alternatives;
  readonly need: NeedStrength;
  /** Normalised. */
  readonly distribution: string;
  readonly condition: string;
  readonly evidence: string;
  readonly absent?: string;
}

/** Files of a distribution that only load where the machine or another distribution has more than the wheel. */
export interface OptionalFiles {
  /** Matches the normalised name. */
  readonly distribution: RegExp;
  /** Relative to `site-packages`. */
  readonly path: RegExp;
  readonly evidence: string;
}

/** A distribution that does the same with less. */
export interface LighterChoice {
  /** Normalised. */
  readonly distribution: string;
  readonly instead: string;
  /** What is lost, to follow "without". */
  readonly without: string;
  /** Holds `{distribution}`, `{instead}`, `{without}` and `{saved}`. */
  readonly advice: string;
}
