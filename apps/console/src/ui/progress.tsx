import { Label, ProgressBar } from 'react-aria-components';
import type { RunResponse } from '../api/types.js';
import { formatNumber, formatSeconds } from '../text/format.js';

/** The percentage of a run; undefined while the number of contacts is not known. */
const percentOf = ({ read, total_estimate: total }: RunResponse): number | undefined =>
  total === null || total === 0 ? undefined : Math.min(100, (read / total) * 100);

function toText({ state, read, total_estimate: total, eta_seconds: eta }: RunResponse): string {
  if (state === 'queued') return 'The run waits for a worker';
  const counted = total === null ? `${formatNumber(read)} contacts read` : `${formatNumber(read)} of ${formatNumber(total)} contacts read`;
  return eta === null ? counted : `${counted}, about ${formatSeconds(eta)} left`;
}

/** The live progress of a run that is queued or running. */
export function RunProgress({ run }: { readonly run: RunResponse }) {
  const percent = percentOf(run);
  return (
    <ProgressBar className="progress" value={percent ?? 0} isIndeterminate={percent === undefined} valueLabel={toText(run)}>
      <Label className="visually-hidden">Progress of the {run.mode}</Label>
      <progress className="progress__bar" aria-hidden="true" max={100} {...(percent === undefined ? {} : { value: percent })} />
      <span className="progress__text">{toText(run)}</span>
    </ProgressBar>
  );
}
