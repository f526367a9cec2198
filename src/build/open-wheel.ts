import { isTareError, TareError } from '../base/errors.ts';
import { readWheel, type Wheel } from '../python/wheel.ts';

/** Reads a wheel of the cache, which has no name there but its hash: errors speak of the wheel. */
export async function openWheel<T>(file: string, filename: string, use: (wheel: Wheel) => T): Promise<T> {
  try {
    return use(await readWheel(file, filename));
  } catch (error) {
    if (!isTareError(error)) throw error;
    const { code, message, where = file, expected, actual, hint, transient, cause } = error;
    const place = where.includes(file)
      ? where.replaceAll(file, filename)
      : where.includes(filename)
        ? where
        : `${filename}: ${where}`;
    throw new TareError({
      code,
      message: message.replaceAll(file, filename),
      where: place,
      hint: hint ?? `use another version of this package, or tell its maintainers`,
      transient,
      ...(expected === undefined ? {} : { expected }),
      ...(actual === undefined ? {} : { actual }),
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
