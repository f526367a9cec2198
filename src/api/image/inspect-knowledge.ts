import type { InspectKnowledge } from '../../inspect/inspected-image.ts';
import { isHostLibrary } from '../../plan/knowledge/host-libraries.ts';
import { knownNeeds } from '../../plan/knowledge/known-needs.ts';
import { whyOptional } from '../../plan/knowledge/optional-files.ts';

/** What planning knows of distributions, for the inspection of any image. */
export const inspectKnowledge: InspectKnowledge = {
  isHostLibrary,
  whyOptional,
  needsOf: (distributions) =>
    knownNeeds(
      distributions.map(({ name, version, files }) => ({ name, version, files, filename: `${name}-${version}` })),
    )
      .filter((one) => one.need === 'required')
      .map(({ kind, distribution, names, condition }) => ({ kind, distribution, names, condition })),
};
