import { type FormEvent, useState } from 'react';
import { ApiError } from '../../api/client.js';
import { keys } from '../../api/keys.js';
import { call } from '../../api/session.js';
import { ActionButton, Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Field } from '../../ui/field.js';
import { toMessage } from '../../ui/states.js';
import { useAction } from '../../ui/use-action.js';

interface KeyFormProps {
  readonly accountId: number;
  readonly onSaved: () => void;
  readonly onCancel?: () => void;
}

const toProblem = (error: unknown): string =>
  error instanceof ApiError && error.code === 'unisender_key_refused'
    ? 'Unisender refuses this key. The stored key stays.'
    : toMessage(error);

/** Asks for a Unisender key. It is checked with Unisender before it is saved. */
export function KeyForm({ accountId, onSaved, onCancel }: KeyFormProps) {
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<string>();
  const save = useAction<string>({
    run: (unisenderKey) => call('widget', { method: 'POST', body: { account_id: accountId, unisender_key: unisenderKey } }),
    done: () => 'The key is saved',
    changes: [keys.account(accountId), keys.accounts, keys.overview],
    onDone: () => {
      setKey('');
      onSaved();
    },
    showsError: true,
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    setProblem(undefined);
    if (key.trim() === '') return setProblem('Enter the key.');
    return save.mutate(key.trim(), { onError: (error) => setProblem(toProblem(error)) });
  }
  return (
    <form className="stack" onSubmit={submit}>
      <Field
        label="Unisender key"
        name="unisender_key"
        type="password"
        value={key}
        onChange={setKey}
        problem={problem}
        hint="In Unisender: account settings, “Integration and API”. The service checks it before it saves it."
      />
      <div className="dialog__buttons">
        {onCancel && <Button onPress={onCancel}>Cancel</Button>}
        <ActionButton type="submit" look="primary" isPending={save.isPending}>
          {save.isPending ? 'Checking …' : 'Check and save'}
        </ActionButton>
      </div>
    </form>
  );
}

interface KeyDialogProps {
  readonly accountId: number;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** {@link KeyForm} in a dialog. */
export function KeyDialog({ accountId, isOpen, onClose }: KeyDialogProps) {
  return (
    <Dialog title="Unisender key" isOpen={isOpen} onClose={onClose}>
      <KeyForm accountId={accountId} onSaved={onClose} onCancel={onClose} />
    </Dialog>
  );
}
