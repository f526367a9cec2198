import type { LighterChoice } from './types.ts';

const advice = '`{instead}` does what `{distribution}` does, without {without}, and saves {saved}';
const withoutWindows = 'windows (`cv2.imshow`) and the libraries of X11 and Qt that these need';

/** Advice, never applied by itself: a lock says what is installed. */
export const lighterChoices: readonly LighterChoice[] = [
  { distribution: 'opencv-python', instead: 'opencv-python-headless', without: withoutWindows, advice },
  { distribution: 'opencv-contrib-python', instead: 'opencv-contrib-python-headless', without: withoutWindows, advice },
  { distribution: 'tensorflow', instead: 'tensorflow-cpu', without: 'support of GPUs', advice },
];
