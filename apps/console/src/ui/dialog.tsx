import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { ActionButton, Button } from './button.js';
import { Failure } from './states.js';

interface DialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly isWide?: boolean;
}

/** A modal dialog. Escape and a press outside close it. */
export function Dialog({ title, isOpen, onClose, children, isWide = false }: DialogProps) {
  return (
    <ModalOverlay className="overlay" isOpen={isOpen} isDismissable onOpenChange={(open) => open || onClose()}>
      <Modal className={isWide ? 'modal modal--wide' : 'modal'}>
        <AriaDialog className="dialog">
          <Heading slot="title" className="dialog__title">
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface ConfirmProps extends Omit<DialogProps, 'isWide'> {
  readonly action: string;
  readonly onConfirm: () => void;
  readonly isDangerous?: boolean;
  readonly isPending: boolean;
  readonly error: unknown;
}

/** Asks before an action. Stays open when the action fails, and says why. */
export function Confirm({ action, onConfirm, isDangerous = false, isPending, error, children, ...dialog }: ConfirmProps) {
  return (
    <Dialog {...dialog}>
      <div className="stack">{children}</div>
      {error !== null && error !== undefined && <Failure error={error} />}
      <div className="dialog__buttons">
        <Button onPress={dialog.onClose}>Cancel</Button>
        <ActionButton look={isDangerous ? 'danger' : 'primary'} onPress={onConfirm} isPending={isPending}>
          {action}
        </ActionButton>
      </div>
    </Dialog>
  );
}
