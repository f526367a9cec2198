import { TareError } from '../base/errors.ts';

declare const packageNameBrand: unique symbol;

/** A distribution's or extra's name in normal form: lower case, runs of `-`, `_`, `.` as one `-`. */
export type PackageName = string & { readonly [packageNameBrand]: true };

const namePattern = /^(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])$/;

/** Parses and normalises a name (PyPA specifications, "Names and normalization"). */
export function parsePackageName(text: string, where?: string): PackageName {
  if (!isPackageNameText(text)) {
    throw new TareError({
      code: 'PACKAGE_NAME_INVALID',
      message: `\`${text.slice(0, 100)}\` is not a package name`,
      expected: 'ASCII letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit',
      hint: 'correct the name',
      ...(where === undefined ? {} : { where }),
    });
  }
  return normalizedName(text) as PackageName;
}

/** Whether `text` is a valid name, normalised or not. */
export function isPackageNameText(text: string): boolean {
  return text.length <= 1000 && namePattern.test(text);
}

/** The normal form of any text, valid as a name or not: for comparing names that foreign tools wrote. */
export function normalizedName(text: string): string {
  return text.replace(/[-_.]+/g, '-').toLowerCase();
}
