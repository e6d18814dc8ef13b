import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { call } from '../api/session.js';
import type { EraseResponse, ExportResponse, PersonAccount, PersonAddress, PersonContact, PersonResponse } from '../api/types.js';
import { describeCode, type Tone } from '../text/codes.js';
import { formatCode, formatTime } from '../text/format.js';
import { Badge } from '../ui/badge.js';
import { ActionButton, Button } from '../ui/button.js';
import { Confirm } from '../ui/dialog.js';
import { Field } from '../ui/field.js';
import { Ago } from '../ui/now.js';
import { Facts, PageHead, Panel } from '../ui/panel.js';
import { saveFile } from '../ui/save-file.js';
import { Empty, Failure, Loading } from '../ui/states.js';
import { useAction } from '../ui/use-action.js';
import { Timeline } from './account/events-tab.js';

type Search = { readonly email: string } | { readonly contact_id: number };

const toSearch = (text: string): Search => (/^\d+$/.test(text) ? { contact_id: Number(text) } : { email: text });

const verdictTones: Readonly<Record<PersonAddress['verdict']['state'], Tone>> = {
  in_sync: 'good',
  waiting: 'busy',
  excluded: 'neutral',
  failing: 'bad',
};

const erasedTexts = {
  deleted: 'deleted in Unisender',
  left: 'left in Unisender',
  failed: 'not deleted in Unisender: try again',
  none: 'not in Unisender',
} as const;

/** The address with its kind; Kommo's webhooks name a kind by a number only, which says nothing to a reader. */
const withKind = (email: string, kind: string) => (kind.startsWith('#') ? email : `${email} (${kind})`);

function Contact({ contact }: { readonly contact: PersonContact }) {
  const { contact_id: id, name, is_deleted: isDeleted, emails, tags } = contact;
  return (
    <div className="card">
      <h4>
        {name === '' ? 'Without a name' : name} <span className="quiet">contact {id}</span>{' '}
        {isDeleted && <Badge tone="neutral">Deleted in Kommo</Badge>}
      </h4>
      <Facts
        facts={[
          [
            'Addresses',
            emails
              .map(({ email, kind, invalid_reason: reason }) =>
                reason === null ? withKind(email, kind) : `${email} (${describeCode(reason)})`,
              )
              .join(', ') || 'none',
          ],
          ['Tags', tags?.join(', ') || 'none'],
          ['Passes the filter', contact.passes_filter ? 'yes' : 'no'],
          ['Responsible user', String(contact.responsible_user_id)],
          ...Object.entries(contact.fields).map(([field, value]) => [field, value] as const),
          ['Changed in Kommo', <Ago key="modified" at={contact.modified_at} />],
        ]}
      />
    </div>
  );
}

function Address({ address }: { readonly address: PersonAddress }) {
  const { email, verdict, pushed, shown, rejected } = address;
  return (
    <div className="card">
      <h4>
        {email} <Badge tone={verdictTones[verdict.state]}>{verdict.is_on_list ? 'On the list' : 'Not on the list'}</Badge>
      </h4>
      <p>{verdict.explanation}</p>
      <Facts
        facts={[
          ['Mailing consent', formatCode(address.mailing_consent)],
          ['Origin', address.is_manual ? 'added by an operator' : formatCode(address.origin ?? 'nothing was sent')],
          ['First sent', formatTime(pushed?.first_sent_at)],
          ['Last sent', formatTime(pushed?.last_sent_at)],
          ['Up to date in Unisender', pushed === null ? 'nothing was sent' : pushed.is_current ? 'yes' : 'no'],
          ['Last look at Unisender', formatTime(shown?.looked_at)],
          ...(address.write_back === null ? [] : [['Tag in Kommo', address.write_back === 'done' ? 'written' : 'waits'] as const]),
          ...(rejected === null ? [] : [['Refused by Unisender', `${describeCode(rejected.code)}, ${rejected.attempts} times`] as const]),
        ]}
      />
      {address.consent_facts.length > 0 && (
        <ul className="plain">
          {address.consent_facts.map((fact, index) => (
            <li key={index}>
              {formatCode(fact.kind)} {fact.scope === 'account' ? 'from the whole Unisender account' : 'from a list of ours'},{' '}
              {formatTime(fact.refused_at ?? fact.learned_at)}
              {!fact.is_proven && ' (the scope is not proven yet)'}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Account({ account }: { readonly account: PersonAccount }) {
  return (
    <Panel title={`${account.name} (${account.account_id})`} actions={<a href={`#/accounts/${account.account_id}`}>The account</a>}>
      <h3>Why it is or is not on the list{account.list_title === null ? '' : ` “${account.list_title}”`}</h3>
      {account.addresses.length === 0 && <p className="quiet">No address is known.</p>}
      {account.addresses.map((address) => (
        <Address key={address.email} address={address} />
      ))}
      <h3>In Kommo</h3>
      {account.contacts.length === 0 && <p className="quiet">No contact holds the address.</p>}
      {account.contacts.map((contact) => (
        <Contact key={contact.contact_id} contact={contact} />
      ))}
      <h3>Events</h3>
      {account.events.length === 0 ? <p className="quiet">None.</p> : <Timeline events={account.events} />}
    </Panel>
  );
}

function PersonActions({
  search,
  email,
  onErased,
}: {
  readonly search: Search;
  readonly email: string | undefined;
  readonly onErased: () => void;
}) {
  const [isOpen, setOpen] = useState(false);
  const exported = useAction<string, ExportResponse>({
    run: (address) => call<ExportResponse>('operations/export', { method: 'POST', body: { email: address } }),
    done: () => 'The file is saved',
    onDone: (data) => saveFile('person.json', 'application/json', JSON.stringify(data, null, 2)),
  });
  const erase = useAction<void, EraseResponse>({
    run: () => call<EraseResponse>('operations/erase', { method: 'POST', body: search }),
    done: ({ accounts }) =>
      accounts.length === 0
        ? 'Nothing was stored'
        : `Erased: ${accounts.map(({ account_id, contacts, unisender }) => `account ${account_id}, ${contacts} contacts, ${erasedTexts[unisender]}`).join('; ')}`,
    onDone: () => {
      setOpen(false);
      onErased();
    },
    showsError: true,
  });
  return (
    <div className="actions">
      {email !== undefined && (
        <Button onPress={() => exported.mutate(email)} isPending={exported.isPending}>
          Export
        </Button>
      )}
      <ActionButton look="danger" onPress={() => setOpen(true)}>
        Erase
      </ActionButton>
      <Confirm
        title="Erase this person?"
        action="Erase"
        isDangerous
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onConfirm={() => erase.mutate()}
        isPending={erase.isPending}
        error={erase.error}
      >
        <p>
          The service forgets the contacts, addresses and events of this person in every account, and deletes in Unisender what it added. A
          refusal of mailings stays as a keyed hash.
        </p>
        <p>
          <strong>Delete the contact in Kommo first.</strong> A contact that still exists there returns with its next change.
        </p>
      </Confirm>
    </div>
  );
}

/** Finds a person in every account. The address that is searched for is in no URL. */
export function PersonPage() {
  const [text, setText] = useState('');
  const [search, setSearch] = useState<Search>();
  const find = useMutation({
    mutationFn: (wanted: Search) => call<PersonResponse>('operations/person', { method: 'POST', body: wanted }),
    networkMode: 'always',
  });
  const accounts = find.data?.accounts ?? [];
  function submit(event: FormEvent) {
    event.preventDefault();
    if (text.trim() === '') return;
    const wanted = toSearch(text.trim());
    setSearch(wanted);
    find.mutate(wanted);
  }
  const email = search && 'email' in search ? search.email : accounts[0]?.addresses[0]?.email;
  return (
    <>
      <PageHead title="Find a person" />
      <form className="filters" role="search" onSubmit={submit}>
        <Field label="E-mail address or contact id" type="search" value={text} onChange={setText} autoFocus />
        <Button type="submit" look="primary" isPending={find.isPending}>
          Find
        </Button>
      </form>
      {find.isIdle && (
        <Empty title="Search for a person">
          You see what Kommo has, what was pushed to Unisender, and why an address is or is not on the list.
        </Empty>
      )}
      {find.isPending && <Loading label="Searching" />}
      {find.error && search && <Failure error={find.error} onRetry={() => find.mutate(search)} />}
      {find.isSuccess && accounts.length === 0 && <Empty title="No account knows this person" />}
      {find.isSuccess && accounts.length > 0 && search && (
        <>
          <PersonActions search={search} email={email} onErased={() => find.mutate(search)} />
          {accounts.map((account) => (
            <Account key={account.account_id} account={account} />
          ))}
        </>
      )}
    </>
  );
}
