import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { keys } from '../api/keys.js';
import { call } from '../api/session.js';
import type { JobActionResponse, JobResponse, PeekResponse } from '../api/types.js';
import { describeCode } from '../text/codes.js';
import { formatCode, formatSeconds } from '../text/format.js';
import { ActionButton, Button } from '../ui/button.js';
import { Dialog } from '../ui/dialog.js';
import { Select } from '../ui/field.js';
import { Facts } from '../ui/panel.js';
import { Empty, Loaded } from '../ui/states.js';
import { useAction } from '../ui/use-action.js';

type PeekState = 'buried' | 'ready' | 'delayed';

const states: readonly (readonly [PeekState, string])[] = [
  ['buried', 'Buried'],
  ['ready', 'Ready'],
  ['delayed', 'Delayed'],
];

const doneTexts = { kick: 'kicked', delete: 'deleted', bury: 'buried' } as const;

function Job({ job }: { readonly job: JobResponse }) {
  const act = useAction<'kick' | 'delete' | 'bury', JobActionResponse>({
    run: (action) => call<JobActionResponse>(`operations/jobs/${job.job_id}/${action}`, { method: 'POST', query: { server: job.server } }),
    done: (_result, action) => `Job ${job.job_id} is ${doneTexts[action]}`,
    changes: [keys.queues, keys.failures, ['peek']],
  });
  const reason = job.buried_because;
  return (
    <div className="card">
      <h3>Job {job.job_id}</h3>
      {reason && (
        <p className="problem">
          {describeCode(reason.code)}: {reason.reason}
        </p>
      )}
      <pre className="code">{job.body}</pre>
      <Facts
        facts={[
          ['State', formatCode(job.state)],
          ['Age', formatSeconds(job.age_seconds)],
          ['Priority', String(job.priority)],
          ['Reserved', `${job.reserves} times`],
          ['Released', `${job.releases} times`],
          ['Timeouts', String(job.timeouts)],
        ]}
      />
      <div className="actions">
        <ActionButton onPress={() => act.mutate('kick')} isDisabled={job.state === 'ready' || act.isPending}>
          Kick
        </ActionButton>
        <ActionButton onPress={() => act.mutate('bury')} isDisabled={job.state === 'buried' || act.isPending}>
          Bury
        </ActionButton>
        <ActionButton look="danger" onPress={() => act.mutate('delete')} isDisabled={act.isPending}>
          Delete
        </ActionButton>
      </div>
    </div>
  );
}

/** The next job of each state in a tube. */
export function PeekDialog({ tube, onClose }: { readonly tube: string; readonly onClose: () => void }) {
  const [state, setState] = useState<PeekState>('buried');
  const query = useQuery({
    queryKey: keys.peek(tube, state),
    queryFn: () => call<PeekResponse>(`operations/queues/${tube}/peek`, { query: { state } }),
  });
  return (
    <Dialog title={`Jobs of ${tube}`} isOpen onClose={onClose} isWide>
      <Select label="State" value={state} onChange={setState} options={states} />
      <Loaded query={query}>
        {({ jobs }) =>
          jobs.length === 0 ? (
            <Empty title={`No job is ${state}`} />
          ) : (
            <>
              {jobs.map((job) => (
                <Job key={`${job.server} ${job.job_id}`} job={job} />
              ))}
            </>
          )
        }
      </Loaded>
      <div className="dialog__buttons">
        <Button onPress={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
