import type { AddressState, ContactCounts } from '../../api/types.js';
import { formatNumber } from '../../text/format.js';

const parts: readonly (readonly [AddressState, string])[] = [
  ['in_sync', 'In sync'],
  ['excluded', 'Nothing to send'],
  ['waiting', 'Waiting'],
  ['failing', 'Failing'],
];

interface ContactBarProps {
  readonly contacts: ContactCounts;
  readonly accountId: number;
}

/** The contacts of an account by state, as a bar and as numbers. */
export function ContactBar({ contacts, accountId }: ContactBarProps) {
  return (
    <section className="contact-bar" aria-label="Contacts">
      <div className="contact-bar__bar" aria-hidden="true">
        {parts.map(([state]) => (
          <span key={state} className={`contact-bar__part contact-bar__part--${state}`} style={{ flexGrow: contacts[state] }} />
        ))}
      </div>
      <dl className="contact-bar__numbers">
        {parts.map(([state, label]) => (
          <div key={state}>
            <dt className={`contact-bar__label contact-bar__label--${state}`}>{label}</dt>
            <dd>{formatNumber(contacts[state])}</dd>
          </div>
        ))}
        <div>
          <dt className="contact-bar__label">All contacts</dt>
          <dd>{formatNumber(contacts.total)}</dd>
        </div>
      </dl>
      {contacts.failing > 0 && <a href={`#/accounts/${accountId}/addresses`}>Why do contacts fail?</a>}
    </section>
  );
}
