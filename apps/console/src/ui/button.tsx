import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';
import { isReadOnly } from '../environment.js';

interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'style' | 'children'> {
  readonly children: ReactNode;
  readonly look?: 'plain' | 'primary' | 'danger' | 'quiet';
}

/** A button with a text. While its action is pending it keeps the focus and does nothing. */
export function Button({ look = 'plain', isPending = false, type = 'button', onPress, ...props }: ButtonProps) {
  const className = `button button--${look}${isPending ? ' button--pending' : ''}`;
  if (isPending) return <AriaButton {...props} className={className} />;
  return <AriaButton {...props} {...(onPress && { onPress })} type={type} className={className} />;
}

/** A button that changes something: disabled while the console is read-only. */
export function ActionButton({ isDisabled, ...props }: ButtonProps) {
  return <Button {...props} isDisabled={isReadOnly || isDisabled === true} />;
}
