import { useState } from 'react';
import { keys } from '../../api/keys.js';
import { call } from '../../api/session.js';
import type { AccountDetailsResponse, PauseLiftedResponse, PauseSetResponse, RunResponse } from '../../api/types.js';
import { ActionButton } from '../../ui/button.js';
import { Confirm } from '../../ui/dialog.js';
import { Field } from '../../ui/field.js';
import { useAction } from '../../ui/use-action.js';
import { KeyDialog } from './key-dialog.js';

const doneTexts = {
  import: 'The import starts',
  reconcile: 'The reconciliation starts',
  preview: 'The preview starts. It changes nothing',
} as const;

type Mode = keyof typeof doneTexts;

/** Starts runs, pauses and resumes the account, changes its key. */
export function AccountActions({ account }: { readonly account: AccountDetailsResponse }) {
  const { account_id: accountId, active_run_id: activeRunId, paused } = account;
  const [isKeyOpen, setKeyOpen] = useState(false);
  const [isPauseOpen, setPauseOpen] = useState(false);
  const changes = [keys.account(accountId), keys.accounts, keys.pauses];
  const start = useAction<Mode, RunResponse>({
    run: (mode) => call<RunResponse>('sync/contacts', { method: 'POST', body: { id: accountId, mode } }),
    done: (_run, mode) => doneTexts[mode],
    changes,
  });
  const resume = useAction<void, PauseLiftedResponse>({
    run: () => call<PauseLiftedResponse>(`operations/accounts/${accountId}/resume`, { method: 'POST' }),
    done: ({ lifted }) => `${lifted === 1 ? '1 pause' : `${lifted} pauses`} lifted`,
    changes,
  });
  const canRun = account.status === 'active' && account.unisender_key !== null && activeRunId === null && !start.isPending;
  return (
    <div className="actions" role="group" aria-label="Actions">
      <ActionButton look="primary" isDisabled={!canRun} onPress={() => start.mutate('import')}>
        Import
      </ActionButton>
      <ActionButton isDisabled={!canRun} onPress={() => start.mutate('preview')}>
        Preview a reconciliation
      </ActionButton>
      <ActionButton isDisabled={!canRun} onPress={() => start.mutate('reconcile')}>
        Reconcile
      </ActionButton>
      <span className="actions__gap" />
      <ActionButton onPress={() => setKeyOpen(true)}>Change the key</ActionButton>
      {paused ? (
        <ActionButton onPress={() => resume.mutate()} isPending={resume.isPending}>
          Resume
        </ActionButton>
      ) : (
        <ActionButton onPress={() => setPauseOpen(true)}>Pause</ActionButton>
      )}
      <KeyDialog accountId={accountId} isOpen={isKeyOpen} onClose={() => setKeyOpen(false)} />
      <PauseDialog accountId={accountId} isOpen={isPauseOpen} onClose={() => setPauseOpen(false)} />
    </div>
  );
}

interface PauseDialogProps {
  readonly accountId: number;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

function PauseDialog({ accountId, isOpen, onClose }: PauseDialogProps) {
  const [minutes, setMinutes] = useState('');
  const [reason, setReason] = useState('');
  const pause = useAction<void, PauseSetResponse>({
    run: () =>
      call<PauseSetResponse>(`operations/accounts/${accountId}/pause`, {
        method: 'POST',
        body: { ...(minutes === '' ? {} : { minutes }), ...(reason === '' ? {} : { reason }) },
      }),
    done: () => 'The account is paused',
    changes: [keys.account(accountId), keys.accounts, keys.pauses],
    onDone: onClose,
    showsError: true,
  });
  return (
    <Confirm
      title="Pause the account"
      action="Pause"
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={() => pause.mutate()}
      isPending={pause.isPending}
      error={pause.error}
    >
      <p>Its jobs wait. Webhooks are still stored, so nothing is lost.</p>
      <Field label="Minutes" inputMode="numeric" value={minutes} onChange={setMinutes} hint="Empty: until you resume it." />
      <Field label="Reason" value={reason} onChange={setReason} />
    </Confirm>
  );
}
