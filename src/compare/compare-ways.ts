import type { DescribedImage } from '../inspect/describe.ts';
import { type ComparedImage, summaryOf } from './compare-images.ts';

/** One way to build the image of a project, as it went. */
export interface BuiltWay {
  /** `plain`, `cached`, … as Dockerfiles are called, or `direct`. */
  readonly way: string;
  /** Who built it: `buildctl 0.34.2`, `tare`. */
  readonly builtBy: string;
  /** Milliseconds from the project to the image. */
  readonly time: number;
  /** Milliseconds of building once more after an edit, where one was made. */
  readonly editTime?: number;
  readonly image: DescribedImage;
}

/** A way that did not end in an image. */
export interface FailedWay {
  readonly way: string;
  readonly problem: WayProblem;
}

export interface WayProblem {
  /** As in docs/errors.md. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What `tare compare [DIR] --json` prints. Sizes in bytes, times in milliseconds. */
export interface WayComparison {
  readonly project: string;
  readonly platform: string;
  /** True where nothing of an earlier build was used; else builders had the caches that were there. */
  readonly isCold: boolean;
  /** The file that was edited in a copy of the project; null where none was. */
  readonly edited: string | null;
  /** In the order of the ways. */
  readonly ways: readonly ComparedWay[];
}

export interface ComparedWay {
  readonly way: string;
  /** Null where it did not end in an image. */
  readonly builtBy: string | null;
  readonly time: number | null;
  readonly editTime: number | null;
  /** Packed, what is pulled where the base is there already; null where that is not known. */
  readonly pullSize: number | null;
  readonly image: ComparedImage | null;
  readonly problem: WayProblem | null;
}

/** A table row of each way. Pure. */
export function compareWay(way: BuiltWay | FailedWay): ComparedWay {
  if ('problem' in way) {
    return {
      way: way.way,
      builtBy: null,
      time: null,
      editTime: null,
      pullSize: null,
      image: null,
      problem: way.problem,
    };
  }
  const { builtBy, time, editTime, image } = way;
  const baseSize = image.base.size;
  return {
    way: way.way,
    builtBy,
    time,
    editTime: editTime ?? null,
    pullSize: image.size === undefined || baseSize === undefined ? null : image.size - baseSize,
    image: summaryOf(image),
    problem: null,
  };
}
