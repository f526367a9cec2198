import { renderBytes } from '../base/size-text.ts';
import { renderDuration, renderPlainText } from './format.ts';

/** What the text needs of an image that was loaded; `api/` gives more. */
export interface EngineImage {
  readonly engine: string;
  readonly reference: string;
  readonly platform: string;
  readonly by: 'registry' | 'archive';
  readonly bytes: number;
  readonly layers: { readonly total: number; readonly present: number };
  readonly seconds: number;
}

/** What a person sees where an engine got the image. */
export function renderLoadText({ engine, reference, platform, by, bytes, layers, seconds }: EngineImage): string {
  const moved =
    by === 'archive'
      ? `${renderBytes(bytes)} as an archive`
      : `${layers.present} of ${layers.total} layers were there, ${renderBytes(bytes)} moved`;
  return renderPlainText(`${engine} has ${reference} for ${platform} (${moved}, ${renderDuration(seconds * 1000)})`);
}
