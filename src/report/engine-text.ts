import { renderBytes } from '../base/size-text.ts';
import { renderFound, type ToldFinding } from './findings-text.ts';
import { renderColumns, renderCount, renderDuration, renderPlainText } from './format.ts';

/** What the text needs of a build by an engine; `api/` gives more. */
export interface EngineBuild {
  readonly engine: { readonly title: string };
  readonly variant: string;
  readonly because: { readonly rule: string };
  readonly base: { readonly name: string; readonly digest?: string };
  readonly digest?: string;
  readonly imageId?: string;
  readonly platforms: readonly {
    readonly platform: string;
    readonly size: number;
    readonly unpackedSize: number;
    readonly layers: readonly unknown[];
    readonly findings: readonly ToldFinding[];
  }[];
  readonly pushed?: { readonly reference: string };
  readonly loaded?: { readonly engine: string; readonly reference: string };
  readonly timings: Readonly<Record<string, number>>;
}

/** What a person sees at the end of a build by an engine. `place` is empty where nothing was written. */
export function renderEngineText(report: EngineBuild, place: string): string {
  const { engine, variant, because, base, platforms, pushed, loaded, timings } = report;
  const rows = platforms.map(({ platform, size, unpackedSize, layers }) => [
    platform,
    renderBytes(size),
    renderBytes(unpackedSize),
    renderCount(layers.length, 'layer'),
  ]);
  const table = renderColumns([['', 'packed', 'unpacked', ''], ...rows], ['left', 'right', 'right', 'left'], '  ');
  const found = renderFound(platforms.flatMap(({ findings }) => findings));
  const where = [
    ...(place === '' ? [] : [place]),
    ...(pushed === undefined ? [] : [`${pushed.reference} in its registry`]),
    ...(loaded === undefined ? [] : [`${loaded.reference} in ${loaded.engine}`]),
  ];
  const built = `built by ${engine.title} in ${renderDuration(timings['build'] ?? 0)}`;
  return [
    `variant ${variant} on ${base.name}: ${because.rule}`,
    ...(platforms.length === 0 ? [] : [table]),
    found,
    `${where.join(', ')}\n${built}`,
    report.digest ?? report.imageId ?? '',
  ]
    .filter((part) => part !== '')
    .map((part) => renderPlainText(part))
    .join('\n\n');
}
