import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiError, toUrl } from '../api/client.js';
import { keys } from '../api/keys.js';
import { call } from '../api/session.js';
import type { AccountDetailsResponse } from '../api/types.js';
import { publicUrl } from '../environment.js';
import { Badge } from '../ui/badge.js';
import { ActionButton } from '../ui/button.js';
import { Copy } from '../ui/copy.js';
import { Field } from '../ui/field.js';
import { PageHead } from '../ui/panel.js';
import { Failure } from '../ui/states.js';
import { useAction } from '../ui/use-action.js';
import { KeyForm } from './account/key-dialog.js';

const POLL_MS = 2_000;

interface StepProps {
  readonly title: string;
  readonly isDone: boolean;
  readonly children: ReactNode;
}

function Step({ title, isDone, children }: StepProps) {
  return (
    <li className={isDone ? 'step step--done' : 'step'}>
      <h2 className="step__title">
        {title} {isDone && <Badge tone="good">Done</Badge>}
      </h2>
      <div className="stack">{children}</div>
    </li>
  );
}

interface IntegrationForm {
  readonly accountId: string;
  readonly clientId: string;
  readonly secret: string;
}

/** Saves integration and account, as `POST /setup`. */
function IntegrationStep({ onSaved }: { readonly onSaved: (accountId: number) => void }) {
  const [form, setForm] = useState<IntegrationForm>({ accountId: '', clientId: '', secret: '' });
  const save = useAction<IntegrationForm, { readonly account_id: number }>({
    run: ({ accountId, clientId, secret }) =>
      call<{ account_id: number }>('setup', {
        method: 'POST',
        body: { account_id: accountId.trim(), client_id: clientId.trim(), client_secret: secret.trim(), redirect_uri: `${publicUrl}/auth` },
      }),
    done: () => 'The integration is saved',
    changes: [keys.accounts, keys.overview],
    onDone: ({ account_id: accountId }) => {
      // The secret is not needed any more.
      setForm((before) => ({ ...before, secret: '' }));
      onSaved(accountId);
    },
    showsError: true,
  });
  const problems =
    save.error instanceof ApiError ? Object.fromEntries(save.error.fields.map(({ field, problem }) => [field, problem])) : {};
  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate(form);
  }
  return (
    <form className="stack" onSubmit={submit}>
      <Field
        label="Account id"
        inputMode="numeric"
        value={form.accountId}
        onChange={(accountId) => setForm({ ...form, accountId })}
        hint="In Kommo: Settings → Profile, or the number in the URL of the account’s API."
        problem={problems['account_id']}
      />
      <Field
        label="Integration id"
        value={form.clientId}
        onChange={(clientId) => setForm({ ...form, clientId })}
        problem={problems['client_id']}
      />
      <Field
        label="Secret key"
        type="password"
        value={form.secret}
        onChange={(secret) => setForm({ ...form, secret })}
        problem={problems['client_secret']}
      />
      {save.error && Object.keys(problems).length === 0 && <Failure error={save.error} />}
      <div>
        <ActionButton type="submit" look="primary" isPending={save.isPending}>
          Save the integration
        </ActionButton>
      </div>
    </form>
  );
}

/** Leads through the connection of an account, with what to copy into Kommo. */
export function ConnectPage() {
  const [accountId, setAccountId] = useState<number>();
  const { data: account } = useQuery({
    queryKey: keys.account(accountId ?? 0),
    queryFn: () => call<AccountDetailsResponse>(`operations/accounts/${accountId ?? 0}`),
    enabled: accountId !== undefined,
    refetchInterval: POLL_MS,
  });
  const isAuthorised = account?.status === 'active';
  const hasKey = account !== undefined && account.unisender_key !== null;
  const consentUrl = `${publicUrl}/auth?id=${accountId ?? '<account id>'}`;
  return (
    <>
      <PageHead title="Connect">
        <p className="quiet">Kommo and Unisender must reach this service at {publicUrl}.</p>
      </PageHead>
      <ol className="steps">
        <Step title="1. Create an integration in Kommo" isDone={accountId !== undefined}>
          <p>In Kommo open Settings → Integrations → Create integration. Copy these values into it, and allow the access to contacts:</p>
          <Copy label="Redirect URL" text={`${publicUrl}/auth`} />
          <Copy label="URL for access revoked" text={`${publicUrl}/kommo/uninstall`} />
        </Step>
        <Step title="2. Save the integration here" isDone={accountId !== undefined}>
          <p>Kommo shows the id and the secret key of the new integration, on the page “Keys and scopes”.</p>
          <IntegrationStep onSaved={setAccountId} />
        </Step>
        <Step title="3. Allow the access" isDone={isAuthorised}>
          <p>Open this link as an administrator of the account, and press “Allow”. Or send the link to the administrator.</p>
          <Copy label="Consent link" text={consentUrl} />
          {accountId !== undefined && (
            <div>
              <a className="button button--primary" href={consentUrl} target="_blank" rel="noreferrer">
                Open the consent page
              </a>
            </div>
          )}
        </Step>
        <Step title="4. Enter the Unisender key" isDone={hasKey}>
          {accountId !== undefined && isAuthorised ? (
            <KeyForm accountId={accountId} onSaved={() => {}} />
          ) : (
            <p className="quiet">This is possible after the access is allowed.</p>
          )}
        </Step>
        <Step title="5. Install the widget, if Kommo’s administrator is to see the state" isDone={false}>
          <p>
            Upload this archive to the integration in Kommo. The widget shows the state and the settings, and takes the Unisender key too:
            then step 4 is not needed.
          </p>
          <div>
            <a className="button" href={toUrl('widget.zip').href} download="widget.zip">
              Save widget.zip
            </a>
          </div>
        </Step>
      </ol>
      {accountId !== undefined && hasKey && (
        <div className="callout">
          <p>
            The import runs. <a href={`#/accounts/${accountId}`}>Watch it on the page of the account</a>.
          </p>
        </div>
      )}
    </>
  );
}
