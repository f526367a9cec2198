import { renderBytes } from '../base/size-text.ts';
import { renderColumns, renderCount, renderPlainText } from './format.ts';

/** What the text needs of a push; `api/` gives more. */
export interface PushedImage {
  readonly reference: string;
  readonly digest: string;
  readonly isUnchanged: boolean;
  readonly uploaded: number;
  readonly mounted: number;
  readonly present: number;
  readonly uploadedBytes: number;
}

/** What a person sees at the end of a push. */
export function renderPushText(report: PushedImage): string {
  const { reference, digest, isUnchanged, uploaded, mounted, present, uploadedBytes } = report;
  const parts = [
    `${renderCount(uploaded, 'blob')} sent (${renderBytes(uploadedBytes)})`,
    ...(mounted > 0 ? [`${mounted} mounted`] : []),
    ...(present > 0 ? [`${present} there already`] : []),
  ];
  const done = isUnchanged ? 'unchanged' : parts.join(', ');
  return renderPlainText(`${reference}: ${done}\n${digest}`);
}

/** What the text needs of a pull. */
export interface FetchedImage {
  readonly digest: string;
  readonly isUnchanged: boolean;
  readonly platforms: readonly { readonly platform: string; readonly size: number }[];
  readonly bytesDownloaded: number;
}

/** What a person sees at the end of a pull. */
export function renderPullText(report: FetchedImage, place: string): string {
  const { digest, isUnchanged, platforms, bytesDownloaded } = report;
  const table = renderColumns(
    platforms.map(({ platform, size }) => [platform, renderBytes(size)]),
    ['left', 'right'],
    '  ',
  );
  const moved = bytesDownloaded === 0 ? 'nothing' : renderBytes(bytesDownloaded);
  const summary = `${place}${isUnchanged ? ' unchanged' : ''} (${moved} downloaded)`;
  return renderPlainText([table, summary, digest].join('\n'));
}
