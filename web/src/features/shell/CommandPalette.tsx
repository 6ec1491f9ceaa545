import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Ban, ChartColumn, EyeOff, History, Megaphone, Plus, Search, Trash2, UserRound, Users, type LucideIcon } from "lucide-react";
import { useMemo, useState } from "react";
import { Autocomplete } from "react-aria-components/Autocomplete";
import { Dialog } from "react-aria-components/Dialog";
import { Header } from "react-aria-components/Header";
import { Input } from "react-aria-components/Input";
import { Menu, MenuItem, MenuSection } from "react-aria-components/Menu";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { SearchField } from "react-aria-components/SearchField";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Name, Phone, toggleHidden } from "@/features/preferences/hidden";
import { useNouns, useZone } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { OWN, SECTIONS } from "@/features/settings/sections";
import { useDelayed } from "@/lib/useDelayed";
import { dayAndTime } from "@/lib/time";
import css from "./CommandPalette.module.css";
import { useEntries } from "./nav";

type Inner = "/calls/campaigns" | "/calls/history" | "/calls/do-not-call" | "/contacts/duplicates" | "/contacts/deleted" | "/groups/compare";

/** Finds a person or a page by a few letters. What is typed goes into a request's body, never into an address. */
export default function CommandPalette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const wanted = useDelayed(text.trim(), 300);
  const nouns = useNouns();
  const zone = useZone();
  const may = useMay();
  const entries = useEntries();
  const navigate = useNavigate();
  const searching = wanted.length >= 2 && may("view_contacts");
  const found = useQuery({
    queryKey: ["contacts", "search", "palette", wanted],
    queryFn: () => body(api.POST("/api/contacts/search", { body: { search: wanted, page_size: 10 } })),
    enabled: searching,
    gcTime: 0,
    placeholderData: (before) => before,
  });
  const deeper = useMemo(() => {
    const go = (to: Inner, name: string, icon: LucideIcon, shown = true) => ({ id: to, name: `Go to ${name}`, icon, shown, run: () => void navigate({ to }) });
    return [
      go("/calls/campaigns", "Campaigns", Megaphone, may("view_call_results")),
      go("/calls/history", "Call history", History, may("view_call_results")),
      go("/calls/do-not-call", "Do-not-call list", Ban, may("view_contacts")),
      go("/contacts/duplicates", "Duplicates", Users, may("view_contacts")),
      go("/contacts/deleted", `Deleted ${nouns.many}`, Trash2, may("delete_contacts", "edit_all_contacts")),
      go("/groups/compare", "Compare groups", ChartColumn, may("view_basic_analytics")),
      ...SECTIONS.map(({ id, name, icon, needs }) => ({ id: `settings-${id}`, name: `Settings: ${name}`, icon, shown: may(needs), run: () => void navigate({ to: "/settings/$section", params: { section: id } }) })),
      ...OWN.map(({ id, name, icon }) => ({ id: `account-${id}`, name: `Your account: ${name}`, icon, shown: true, run: () => void navigate({ to: "/account/$section", params: { section: id } }) })),
      { id: "hide", name: "Hide or show details", icon: EyeOff, shown: true, run: toggleHidden },
    ].filter((each) => each.shown);
  }, [may, navigate, nouns]);
  const commands = useMemo(
    () =>
      [
        ...entries.map(({ to, name, icon }) => ({ id: to, name: `Go to ${name}`, icon, run: () => void navigate({ to }) })),
        ...(may("create_contacts") ? [{ id: "new", name: `Add ${nouns.one}`, icon: Plus, run: () => void navigate({ to: "/contacts/new" }) }] : []),
        // Further in, and found by their names alone: unasked they would bury the pages.
        ...(text.trim() ? deeper : []),
      ].filter((each) => each.name.toLowerCase().includes(text.trim().toLowerCase())),
    [entries, deeper, may, nouns, navigate, text],
  );
  const people = searching ? (found.data?.contacts ?? []) : [];
  const act = (key: string) => {
    onClose();
    const command = commands.find((each) => each.id === key);
    if (command) command.run();
    else void navigate({ to: "/contacts/$contactId", params: { contactId: key } });
  };
  return (
    <ModalOverlay isOpen onOpenChange={(open) => !open && onClose()} isDismissable className={css.overlay}>
      <Modal className={css.modal}>
        <Dialog aria-label="Search or command" className={css.dialog}>
          <Autocomplete inputValue={text} onInputChange={setText}>
            <SearchField aria-label={`Search ${nouns.many}, or type a command`} autoFocus className={css.field}>
              <Search size={18} aria-hidden />
              <Input placeholder={`A name, phone or email, or a command`} className={css.input} />
            </SearchField>
            <Menu className={css.list} aria-label="Results" onAction={(key) => act(String(key))} renderEmptyState={() => <p className={css.none}>{searching && found.isFetching ? "Searching" : `Nobody and nothing matches “${text}”.`}</p>}>
              {people.length > 0 && (
                <MenuSection className={css.section}>
                  <Header className={css.header}>{nouns.Many}</Header>
                  {people.map((each) => (
                    <MenuItem key={each.id} id={each.id} textValue={each.name} className={css.item}>
                      <UserRound size={16} aria-hidden />
                      <span className={css.name}>
                        <Name>{each.name}</Name>
                      </span>
                      <span className={css.more}>
                        <Phone>{each.phone}</Phone>
                        {each.appointment_time && <> · {dayAndTime(new Date(each.appointment_time), zone, now())}</>}
                      </span>
                    </MenuItem>
                  ))}
                </MenuSection>
              )}
              {commands.length > 0 && (
                <MenuSection className={css.section}>
                  <Header className={css.header}>Commands</Header>
                  {commands.map(({ id, name, icon: Icon }) => (
                    <MenuItem key={id} id={id} textValue={name} className={css.item}>
                      <Icon size={16} aria-hidden />
                      <span className={css.name}>{name}</span>
                    </MenuItem>
                  ))}
                </MenuSection>
              )}
            </Menu>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
