import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../api/client.js';
import { keys } from '../../api/keys.js';
import { call } from '../../api/session.js';
import type { AccountDetailsResponse, AccountSettingsResponse, OptionsResponse, SettingsResponse } from '../../api/types.js';
import { formatNumber } from '../../text/format.js';
import { ActionButton, Button } from '../../ui/button.js';
import { Check, Field, Select } from '../../ui/field.js';
import { Failure } from '../../ui/states.js';
import { useAction } from '../../ui/use-action.js';
import { FieldMappings } from './field-mappings.js';
import { type SettingsForm, toChange, toForm } from './settings-form.js';

const kinds = [
  ['WORK', 'Work'],
  ['PRIV', 'Private'],
  ['OTHER', 'Other'],
] as const;

const policies = [
  ['delete', 'Delete it from Unisender, if this service added it'],
  ['exclude', 'Take it off the list only'],
] as const;

const listChoices = [
  ['default', 'A list of its own, with the default title'],
  ['title', 'A list with this title'],
  ['id', 'An existing list'],
] as const;

type Problems = Readonly<Record<string, string>>;

/** The problems that the service named, by setting. */
const toProblems = (error: unknown): Problems =>
  error instanceof ApiError ? Object.fromEntries(error.fields.map(({ field, problem }) => [field, problem])) : {};

interface SectionProps {
  readonly form: SettingsForm;
  readonly set: (change: Partial<SettingsForm>) => void;
  readonly problems: Problems;
  readonly options: OptionsResponse | undefined;
}

function ListSection({ form, set, problems, options }: SectionProps) {
  const lists = options?.lists ?? [];
  const ids = lists.map(({ id, title }) => [String(id), `${title} (${id})`] as const);
  return (
    <fieldset className="fieldset">
      <legend>List in Unisender</legend>
      <Select label="Which list" value={form.listChoice} onChange={(listChoice) => set({ listChoice })} options={listChoices} />
      {form.listChoice === 'title' && (
        <Field label="Title" value={form.listTitle} onChange={(listTitle) => set({ listTitle })} problem={problems['list_title']} />
      )}
      {form.listChoice === 'id' &&
        (ids.length > 0 ? (
          <Select label="List" value={form.listId} onChange={(listId) => set({ listId })} options={[['', 'Choose a list'], ...ids]} />
        ) : (
          <Field
            label="Id of the list"
            inputMode="numeric"
            value={form.listId}
            onChange={(listId) => set({ listId })}
            problem={problems['list_id']}
          />
        ))}
      <Select
        label="When the last contact of an address is deleted"
        value={form.deletePolicy}
        onChange={(deletePolicy) => set({ deletePolicy })}
        options={policies}
      />
      <Field
        label="Removals that need a confirmation, in percent"
        inputMode="numeric"
        value={form.removalLimitPercent}
        onChange={(removalLimitPercent) => set({ removalLimitPercent })}
        hint="Empty: the limit of the configuration."
        problem={problems['removal_limit_percent']}
      />
    </fieldset>
  );
}

function FilterSection({ form, set, problems, options }: SectionProps) {
  const toggle = (kind: string) => (isOn: boolean) =>
    set({ addressKinds: kinds.map(([id]) => id as string).filter((id) => (id === kind ? isOn : form.addressKinds.includes(id))) });
  const tags = options?.tags.slice(0, 20).join(', ') ?? '';
  return (
    <fieldset className="fieldset">
      <legend>Which addresses</legend>
      <div role="group" aria-label="Kinds of addresses" className="checks">
        {kinds.map(([kind, label]) => (
          <Check key={kind} label={label} isChecked={form.addressKinds.includes(kind)} onChange={toggle(kind)} />
        ))}
      </div>
      <Field
        label="Only contacts with one of these tags"
        value={form.includeTags}
        onChange={(includeTags) => set({ includeTags })}
        hint={tags === '' ? 'Separate tags with commas. Empty: every contact.' : `Separate tags with commas. Kommo has: ${tags}`}
        problem={problems['include_tags']}
      />
      <Field
        label="No contacts with one of these tags"
        value={form.excludeTags}
        onChange={(excludeTags) => set({ excludeTags })}
        problem={problems['exclude_tags']}
      />
      <Field
        label="Only contacts of these responsible users"
        value={form.userIds}
        onChange={(userIds) => set({ userIds })}
        hint={`Ids, separated by commas.${(options?.users ?? []).map(({ id, name }) => ` ${name}: ${id}.`).join('')}`}
        problem={problems['responsible_user_ids']}
      />
    </fieldset>
  );
}

function WriteBackSection({ form, set, problems }: SectionProps) {
  return (
    <fieldset className="fieldset">
      <legend>Unsubscribes</legend>
      <Check label="Write an unsubscribe to Kommo, as a tag" isChecked={form.writeBack} onChange={(writeBack) => set({ writeBack })} />
      {form.writeBack && (
        <Field
          label="Tag"
          value={form.writeBackTag}
          onChange={(writeBackTag) => set({ writeBackTag })}
          problem={problems['write_back_tag']}
        />
      )}
    </fieldset>
  );
}

function Effect({ preview: { would_add: added, would_remove: removed } }: { readonly preview: SettingsResponse }) {
  return (
    <div className={removed > 0 ? 'callout callout--warning' : 'callout'} role="status">
      <p>
        This change adds <strong>{formatNumber(added)}</strong> and removes <strong>{formatNumber(removed)}</strong> addresses.
        {removed > 0 && ' Above the limit, the removals wait for a confirmation.'}
      </p>
    </div>
  );
}

/** The settings of an account. A preview counts what a change would do before it is saved. */
export function SettingsTab({ account }: { readonly account: AccountDetailsResponse }) {
  const { account_id: accountId, settings } = account;
  // What others change meanwhile must not replace what is typed here.
  const [base, setBase] = useState<AccountSettingsResponse>(settings);
  const [form, setForm] = useState<SettingsForm>(() => toForm(settings));
  const [preview, setPreview] = useState<SettingsResponse>();
  const canRead = account.status === 'active';
  const { data: options } = useQuery({
    queryKey: keys.options(accountId),
    queryFn: () => call<OptionsResponse>('widget/options', { query: { account_id: accountId } }),
    enabled: canRead,
    staleTime: 300_000,
    retry: false,
  });
  const change = toChange(form, base);
  const isChanged = Object.keys(change).length > 0;
  const patch = (query: { preview?: 1 }) =>
    call<SettingsResponse>(`accounts/${accountId}/settings`, { method: 'PATCH', query, body: change });
  const count = useAction({
    run: () => patch({ preview: 1 }),
    done: () => 'The effect is counted; nothing is saved',
    onDone: setPreview,
    showsError: true,
  });
  const save = useAction({
    run: () => patch({}),
    done: ({ run_id: runId }) => (runId === null ? 'The settings are saved' : 'The settings are saved; a run applies them'),
    changes: [keys.account(accountId), keys.accounts, keys.overview],
    onDone: ({ settings: saved }) => {
      setBase(saved);
      setForm(toForm(saved));
      setPreview(undefined);
    },
    showsError: true,
  });
  const error = save.error ?? count.error;
  const set = (part: Partial<SettingsForm>) => {
    setPreview(undefined);
    save.reset();
    count.reset();
    setForm((before) => ({ ...before, ...part }));
  };
  const section = { form, set, problems: toProblems(error), options };
  return (
    <div className="stack">
      <ListSection {...section} />
      <FilterSection {...section} />
      <FieldMappings mappings={form.fields} onChange={(fields) => set({ fields })} options={options} />
      <WriteBackSection {...section} />
      {error && <Failure error={error} />}
      {preview && <Effect preview={preview} />}
      <div className="actions">
        <Button onPress={() => count.mutate()} isDisabled={!isChanged} isPending={count.isPending}>
          Preview
        </Button>
        <ActionButton look="primary" onPress={() => save.mutate()} isDisabled={!isChanged} isPending={save.isPending}>
          Save
        </ActionButton>
        {isChanged && (
          <Button look="quiet" onPress={() => set(toForm(base))}>
            Discard
          </Button>
        )}
      </div>
    </div>
  );
}
