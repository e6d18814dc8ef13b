import { useState } from 'react';
import { keys } from '../../api/keys.js';
import { call } from '../../api/session.js';
import type { AccountDetailsResponse, AttentionCode } from '../../api/types.js';
import { isReadOnly, publicUrl } from '../../environment.js';
import { attentionAdvice, describeCode } from '../../text/codes.js';
import { formatUntil } from '../../text/format.js';
import { ActionButton } from '../../ui/button.js';
import { useAction } from '../../ui/use-action.js';
import { KeyDialog } from './key-dialog.js';

interface AttentionProps {
  readonly account: AccountDetailsResponse;
}

function Remedy({ code, account }: AttentionProps & { readonly code: AttentionCode }) {
  const { account_id: accountId } = account;
  const [isOpen, setOpen] = useState(false);
  const approve = useAction({
    run: () => call(`operations/accounts/${accountId}/approve`, { method: 'POST' }),
    done: () => 'The account is approved',
    changes: [keys.account(accountId), keys.overview],
  });
  const { action } = attentionAdvice[code];
  if (action === 'approve') return <ActionButton look="primary" onPress={() => approve.mutate()}>Approve</ActionButton>; // prettier-ignore
  if (action === 'confirm') return <a href={`#/accounts/${accountId}/runs`}>Look at the run</a>;
  if (action === 'key') {
    return (
      <>
        <ActionButton look="primary" onPress={() => setOpen(true)}>
          Enter a key
        </ActionButton>
        <KeyDialog accountId={accountId} isOpen={isOpen} onClose={() => setOpen(false)} />
      </>
    );
  }
  if (action !== 'authorise' || isReadOnly) return null;
  return (
    <a className="button button--primary" href={`${publicUrl}/auth?id=${accountId}`} target="_blank" rel="noreferrer">
      Open the consent page
    </a>
  );
}

/** What a human must do on the account, and why its work waits. */
export function Attention({ account }: AttentionProps) {
  const { attention, paused, status } = account;
  return (
    <>
      {status === 'pending_authorization' && (
        <div className="callout callout--warning">
          <p>
            <strong>The access is not allowed yet.</strong> Open the consent page as an administrator of the Kommo account.
          </p>
          {!isReadOnly && (
            <a className="button button--primary" href={`${publicUrl}/auth?id=${account.account_id}`} target="_blank" rel="noreferrer">
              Open the consent page
            </a>
          )}
        </div>
      )}
      {status === 'active' && account.unisender_key === null && <MissingKey accountId={account.account_id} />}
      {attention.map((code) => (
        <div key={code} className="callout callout--bad" role="alert">
          <p>
            <strong>{attentionAdvice[code].title}.</strong> {attentionAdvice[code].remedy}
          </p>
          <Remedy code={code} account={account} />
        </div>
      ))}
      {paused && (
        <div className="callout callout--warning">
          <p>
            <strong>The work of this account waits:</strong> {describeCode(paused.code)}, {formatUntil(paused.until)}.
          </p>
        </div>
      )}
    </>
  );
}

function MissingKey({ accountId }: { readonly accountId: number }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="callout callout--warning">
      <p>
        <strong>There is no Unisender key.</strong> Enter it, and the import starts.
      </p>
      <ActionButton look="primary" onPress={() => setOpen(true)}>
        Enter a key
      </ActionButton>
      <KeyDialog accountId={accountId} isOpen={isOpen} onClose={() => setOpen(false)} />
    </div>
  );
}
