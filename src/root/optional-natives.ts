/** Extensions that an importer finds and yet nothing imports where what they need is not there. */
export interface OptionalNative {
  /** Of the path below the folder that is on `sys.path`. */
  readonly pattern: RegExp;
  /** What happens without it. */
  readonly because: string;
}

/** Of the standard library; what is known of distributions comes in as `whyOptional`. */
export const optionalNatives: readonly OptionalNative[] = [
  { pattern: /^_tkinter\./, because: 'tkinter is of use where there is a screen' },
  { pattern: /^nis\./, because: 'nis is of use where there is a NIS server, and gone since Python 3.13' },
  { pattern: /^_g?dbm\./, because: 'dbm takes the first of its kinds that loads, the last of which needs nothing' },
];
