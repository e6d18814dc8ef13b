import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';
import { isReadOnly } from '../environment.js';

interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'style' | 'children'> {
  readonly children: ReactNode;
  readonly look?: 'plain' | 'primary' | 'danger' | 'quiet';
}

/** A button with a text. */
export function Button({ look = 'plain', ...props }: ButtonProps) {
  return <AriaButton {...props} className={`button button--${look}`} />;
}

/** A button that changes something: disabled while the console is read-only. */
export function ActionButton({ isDisabled, ...props }: ButtonProps) {
  return <Button {...props} isDisabled={isReadOnly || isDisabled === true} />;
}
