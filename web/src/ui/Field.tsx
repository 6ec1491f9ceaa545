import { Check, ChevronDown, Minus, Pencil } from "lucide-react";
import { useId, type ReactNode, type Ref } from "react";
import { Button } from "react-aria-components/Button";
import { Checkbox as AriaCheckbox, type CheckboxProps } from "react-aria-components/Checkbox";
import { FieldError } from "react-aria-components/FieldError";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import { Select as AriaSelect, SelectValue } from "react-aria-components/Select";
import { Switch as AriaSwitch, type SwitchProps } from "react-aria-components/Switch";
import { Text } from "react-aria-components/Text";
import { TextArea as AriaTextArea } from "react-aria-components/TextArea";
import { TextField as AriaTextField, type TextFieldProps as AriaTextFieldProps } from "react-aria-components/TextField";
import css from "./Field.module.css";
import { cx } from "./cx";

/** Whether what a field holds waits to be saved, or was saved just now. */
export type Mark = "changed" | "saved";

export interface Described {
  label: string;
  /** Under the field; said with it by screen readers. */
  help?: ReactNode;
  error?: string | undefined;
  /** The label is for screen readers alone, because something else says it. */
  bare?: boolean;
  optional?: boolean;
  mark?: Mark | undefined;
}

export interface TextFieldProps extends Omit<AriaTextFieldProps, "className" | "children">, Described {
  placeholder?: string;
  rows?: number;
  inputRef?: Ref<HTMLInputElement>;
  leading?: ReactNode;
  trailing?: ReactNode;
  list?: string;
}

export function TextField({ label, help, error, bare, optional, mark, placeholder, rows, inputRef, leading, trailing, list, ...rest }: TextFieldProps) {
  return (
    <AriaTextField {...rest} isInvalid={Boolean(error)} className={css.field}>
      <FieldLabel label={label} bare={bare} optional={optional} mark={mark} />
      {rows ? (
        <AriaTextArea rows={rows} placeholder={placeholder} className={cx(css.input, css.area)} />
      ) : (
        <div className={css.box}>
          {leading && <span className={css.leading}>{leading}</span>}
          <Input ref={inputRef ?? null} list={list} placeholder={placeholder} className={cx(css.input, leading !== undefined && css.led)} />
          {trailing && <span className={css.trailing}>{trailing}</span>}
        </div>
      )}
      <Below help={help} error={error} />
    </AriaTextField>
  );
}

export function FieldLabel({ label, bare, optional, mark }: { label: string; bare?: boolean | undefined; optional?: boolean | undefined; mark?: Mark | undefined }) {
  const named = (
    <Label className={bare ? "hidden-visually" : css.label}>
      {label}
      {optional && <span className={css.optional}> optional</span>}
    </Label>
  );
  if (bare) return named;
  return (
    <span className={css.marked}>
      {named}
      <MarkBadge mark={mark} />
    </span>
  );
}

/** At the field itself, beside its name and no part of it; that it was saved is told once for all of them. */
export function MarkBadge({ mark }: { mark: Mark | undefined }) {
  if (!mark) return null;
  const Icon = mark === "changed" ? Pencil : Check;
  return (
    <span className={cx(css.mark, css[mark])}>
      <Icon size={12} aria-hidden />
      <span className={css.word}>{mark === "changed" ? "Changed" : "Saved"}</span>
    </span>
  );
}

export function Below({ help, error }: { help?: ReactNode; error?: string | undefined }) {
  return (
    <>
      {help && (
        <Text slot="description" className={css.help} elementType="div">
          {help}
        </Text>
      )}
      {error && <FieldError className={css.error}>{error}</FieldError>}
    </>
  );
}

export interface Option {
  id: string;
  name: string;
  icon?: ReactNode;
}

interface SelectFieldProps extends Described {
  options: Option[];
  value: string | null;
  onChange: (value: string) => void;
  placeholder?: string;
  isDisabled?: boolean;
  small?: boolean;
}

export function SelectField({ label, help, error, bare, optional, mark, options, value, onChange, placeholder = "Choose", isDisabled = false, small = false }: SelectFieldProps) {
  return (
    <AriaSelect
      className={css.field}
      value={value}
      onChange={(key) => {
        if (key !== null) onChange(String(key));
      }}
      isInvalid={Boolean(error)}
      isDisabled={isDisabled}
      placeholder={placeholder}
    >
      <FieldLabel label={label} bare={bare} optional={optional} mark={mark} />
      <Button className={cx(css.input, css.select, small && css.selectSmall)}>
        <SelectValue className={cx(css.value, "truncate")} />
        <ChevronDown size={16} aria-hidden />
      </Button>
      <Below help={help} error={error} />
      <Popover className={css.popover}>
        <ListBox className={css.list} items={options}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.name} className={css.option}>
              {option.icon}
              <span>{option.name}</span>
              <Check size={15} aria-hidden className={css.tick} />
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

export function Checkbox({ children, ...rest }: Omit<CheckboxProps, "className" | "children"> & { children?: ReactNode }) {
  return (
    <AriaCheckbox {...rest} className={css.check}>
      {({ isIndeterminate }) => (
        <>
          <span className={css.tickBox} aria-hidden>
            {isIndeterminate ? <Minus size={13} strokeWidth={3} /> : <Check size={13} strokeWidth={3} />}
          </span>
          {children !== undefined && <span className={css.checkText}>{children}</span>}
        </>
      )}
    </AriaCheckbox>
  );
}

/** What stands under a switch, why it cannot be used among it, is said with it. */
export function Switch({ children, help, error, mark, ...rest }: Omit<SwitchProps, "className" | "children"> & { children: ReactNode; help?: ReactNode; error?: string | undefined; mark?: Mark | undefined }) {
  const own = useId();
  const said = [help && `${own}help`, error && `${own}error`].filter(Boolean).join(" ");
  return (
    <div>
      <div className={css.marking}>
        <AriaSwitch {...rest} {...(said && { "aria-describedby": said })} className={css.switch}>
          <span className={css.track} aria-hidden>
            <span className={css.knob} />
          </span>
          <span>{children}</span>
        </AriaSwitch>
        <MarkBadge mark={mark} />
      </div>
      {help && (
        <p id={`${own}help`} className={css.switchHelp}>
          {help}
        </p>
      )}
      {error && (
        <p id={`${own}error`} className={cx(css.switchHelp, css.error)}>
          {error}
        </p>
      )}
    </div>
  );
}

/** Fields side by side where there is room; `wide` leaves room for long names. */
export function Row({ children, wide = false }: { children: ReactNode; wide?: boolean }) {
  return <div className={cx(css.row, wide && css.roomy)}>{children}</div>;
}
