import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query';
import { useToast } from './toast.js';

interface Action<Input, Result> {
  readonly run: (input: Input) => Promise<Result>;
  /** What to say afterwards. */
  readonly done: (result: Result, input: Input) => string;
  /** What the action changes. */
  readonly changes?: readonly (readonly unknown[])[];
  readonly onDone?: (result: Result) => void;
  /** The caller shows the error itself. */
  readonly showsError?: boolean;
}

/** An action of the operator: it says what was done or what failed, and reads again what it changed. */
export function useAction<Input = void, Result = unknown>(action: Action<Input, Result>): UseMutationResult<Result, Error, Input> {
  const client = useQueryClient();
  const { show, showError } = useToast();
  return useMutation<Result, Error, Input>({
    mutationFn: action.run,
    onSuccess: (result, input) => {
      show(action.done(result, input));
      action.onDone?.(result);
    },
    onError: (error) => {
      if (!action.showsError) showError(error);
    },
    onSettled: () => Promise.all((action.changes ?? []).map((queryKey) => client.invalidateQueries({ queryKey: [...queryKey] }))),
  });
}
