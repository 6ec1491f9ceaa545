import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { IconButton } from "./Button";
import css from "./Dialog.module.css";
import { cx } from "./cx";

interface DialogProps {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  footer?: ReactNode;
  /** `sheet` comes from the side, for long work beside a list. */
  kind?: "dialog" | "sheet" | "wide";
  dismissable?: boolean;
  alert?: boolean;
}

export function Dialog({ title, open, onClose, children, footer, kind = "dialog", dismissable = true, alert = false }: DialogProps) {
  return (
    <ModalOverlay isOpen={open} onOpenChange={(next) => !next && onClose()} isDismissable={dismissable} isKeyboardDismissDisabled={!dismissable} className={css.overlay}>
      <Modal className={cx(css.modal, css[kind])}>
        <AriaDialog role={alert ? "alertdialog" : "dialog"} className={css.dialog}>
          <header className={css.header}>
            <Heading slot="title" level={2} className={css.title}>
              {title}
            </Heading>
            {dismissable && <IconButton icon={X} label="Close" onPress={onClose} />}
          </header>
          <div className={css.body}>{children}</div>
          {footer && <footer className={css.footer}>{footer}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
