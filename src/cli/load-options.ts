import type { LoadEngineName } from '../api/load.ts';
import { TareError } from '../base/errors.ts';

export interface LoadFlags {
  /** `true` without a value. */
  readonly load?: string | true;
}

interface LoadWish {
  readonly directory: string;
  /** Where an engine is to have the image; it names none for the first that answers. */
  readonly load?: { readonly engine?: LoadEngineName };
}

const engines: readonly LoadEngineName[] = ['docker', 'podman', 'containerd'];

/** What `--load` asks for. A word behind it that is no engine is the folder that was not given otherwise. Throws `USAGE`. */
export function loadWish({ load }: LoadFlags, directory: string | undefined): LoadWish {
  const here = directory ?? '.';
  if (load === undefined) return { directory: here };
  if (load === true) return { directory: here, load: {} };
  const engine = engines.find((one) => one === load);
  if (engine !== undefined) return { directory: here, load: { engine } };
  if (directory === undefined) return { directory: load, load: {} };
  throw new TareError({
    code: 'USAGE',
    message: `\`${load}\`, given with --load, is no engine`,
    expected: engines.join(', '),
  });
}
