import { type FormEvent, useState } from 'react';
import { ApiError } from '../api/client.js';
import { type SignedOutReason, signIn, useSession } from '../api/session.js';
import { Button } from '../ui/button.js';
import { Field } from '../ui/field.js';

const reasons: Readonly<Record<SignedOutReason, string | undefined>> = {
  none: undefined,
  signed_out: 'You are signed out.',
  refused: 'The service no longer accepts your token. Sign in again.',
};

function toProblem(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 401) return 'The service refuses this token.';
  if (error.status === 429) return 'Too many tokens were refused. Wait a minute, then try again.';
  return error.message;
}

/** Asks for the operator's token. */
export function SignInPage() {
  const { reason } = useSession();
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<string>();
  const [isPending, setPending] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (token.trim() === '') return setProblem('Enter the token.');
    setPending(true);
    setProblem(undefined);
    try {
      await signIn(token.trim());
    } catch (error) {
      setProblem(toProblem(error));
      setPending(false);
    }
    return undefined;
  }

  return (
    <main className="sign-in">
      <title>Sign in · Kommo → Unisender</title>
      <form className="sign-in__form" onSubmit={(event) => void submit(event)}>
        <h1>Kommo → Unisender</h1>
        {reasons[reason] !== undefined && problem === undefined && (
          <p className="banner" role="status">
            {reasons[reason]}
          </p>
        )}
        <Field
          label="Operator token"
          type="password"
          name="token"
          value={token}
          onChange={setToken}
          problem={problem}
          hint={
            <>
              OPERATOR_TOKEN, or the content of <code>data/operator.token</code>. It stays in this tab.
            </>
          }
          autoFocus
        />
        <Button type="submit" look="primary" isPending={isPending}>
          {isPending ? 'Signing in …' : 'Sign in'}
        </Button>
      </form>
    </main>
  );
}
