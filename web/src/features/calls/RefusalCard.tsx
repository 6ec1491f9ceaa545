import { ClockAlert, X, type LucideIcon } from "lucide-react";
import { useEffect, useId, useRef, type ReactNode } from "react";
import { IconTile } from "@/ui/Badge";
import { Button, IconButton } from "@/ui/Button";
import css from "./RefusalPanel.module.css";

/** One thing that can be done about a refusal. */
export interface Offer {
  icon: LucideIcon;
  title: string;
  line: string;
  button: string;
  run: () => void;
  isDisabled?: boolean;
  isPending?: boolean;
}

interface Props {
  title: string;
  line: ReactNode;
  offers: Offer[];
  /** Of what it speaks: the heading takes the focus whenever that is another. */
  about: unknown;
  /** What kind of no it is; one of time, unless said. */
  icon?: LucideIcon | undefined;
  /** Said besides the line. */
  more?: ReactNode;
  children?: ReactNode;
  onClose?: () => void;
}

/** Every "no" with what to do now: what happened, why, and the remedies as buttons, the first of them first. */
export function RefusalCard({ title, line, offers, about, icon = ClockAlert, more, children, onClose }: Props) {
  const own = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [about]);
  return (
    <section className={css.panel} aria-labelledby={own}>
      <header className={css.header}>
        <IconTile icon={icon} tone="attention" size={20} />
        <div className={css.text}>
          <h2 id={own} ref={heading} tabIndex={-1}>
            {title}
          </h2>
          <p className="muted">{line}</p>
          {more}
        </div>
        {onClose && <IconButton icon={X} label="Close" onPress={onClose} />}
      </header>
      {offers.length > 0 && (
        <ul className={css.offers}>
          {offers.map((offer, place) => (
            <li key={place}>
              <IconTile icon={offer.icon} />
              <div className={css.offer}>
                <h3>{offer.title}</h3>
                <p className="muted">{offer.line}</p>
              </div>
              <Button look={place === 0 ? "primary" : "secondary"} isDisabled={offer.isDisabled ?? false} isPending={offer.isPending ?? false} onPress={offer.run}>
                {offer.button}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {children}
    </section>
  );
}
