import { asUser, clockNow, dev, letters, workingHours } from "./browser";

type Ask = Awaited<ReturnType<typeof asUser>>;

/** A clinic of three. */
export async function leaveFew(ask: Ask): Promise<void> {
  for (;;) {
    const { contacts } = (await (await ask("POST", "/api/contacts/search", { page_size: 100, sort: ["name"] })).json()) as { contacts: { id: string }[] };
    if (contacts.length <= 3) return;
    for (const { id } of contacts.slice(3)) await ask("DELETE", `/api/contacts/${id}`);
  }
}

/** Names as long as they may be, five groups each, words and notes to the last character. */
export async function crowd(ask: Ask): Promise<void> {
  const groups: string[] = [];
  const before = (await (await ask("POST", "/api/contacts/search", { search: "Featherstonehaugh", page_size: 10 })).json()) as { contacts: unknown[] };
  if (before.contacts.length > 0) return;
  for (const name of ["Annual check-ups that are overdue since spring", "Asks for reception to ring", "Bridge and crown follow-ups", "Evening", "Very important people of the neighbourhood"]) {
    await ask("POST", "/api/groups", { name, color: ["#EF4444", "#F59E0B", "#10B981", "#3B82F6", "#8B5CF6"][groups.length] });
    const all = (await (await ask("GET", "/api/groups")).json()) as { groups: { id: string; name: string }[] };
    groups.push(all.groups.find((each) => each.name === name)?.id ?? "");
  }
  const day = new Date((await clockNow()).getTime() + 2 * 86_400_000).toISOString().slice(0, 10);
  for (const [place, name] of ["Maximiliana-Josephina Featherstonehaugh-Cholmondeley Wrighton", "Bartholomew Alexander Montgomery-Fitzwilliam of Lower Slaughter", "Wolfeschlegelsteinhausenbergerdorff Oluwaseunfunmilayo Adeyemi"].entries()) {
    const made = await ask("POST", "/api/contacts", {
      name,
      phone: `+44151496${String(7000 + place)}`,
      email: `a.very.long.address.of.somebody.${String(place)}@department.of.long.names.example.org`,
      appointment_time: `${day}T1${String(place)}:30`,
      appointment_type: "Check-up",
      owner_name: "Dr Anastasia Papadopoulos-Wellington",
      special_instructions: `Please come to the new entrance in the courtyard behind the library, ring the bell twice, take the lift to the third floor and follow the green line on the floor until you see the fish tank; if the lift is out of order, somebody will meet you at the stairs. Bring your glasses and a warm jumper, please.`.slice(0, 300),
      notes: "Prefers to be rung after ten. ".repeat(20),
      group_ids: groups,
      voice_consent: { method: "verbal" },
      on_duplicate: "create_new",
    });
    if (made.status !== 201) throw new Error(await made.text());
  }
}

/** A campaign of forty that has called everybody it may by now, with every answer. Gives its id. */
export async function halfway(): Promise<string> {
  await workingHours();
  // Where the clock had to go on to the next day nobody is signed in any more.
  const ask = await asUser();
  const confirmed = { disconnection_reason: "user_hangup", appointment_action: "confirmed", duration_seconds: 48 };
  const ends: object[] = [
    ...[confirmed, confirmed, confirmed, confirmed],
    { ...confirmed, appointment_action: "rescheduled" },
    { disconnection_reason: "dial_no_answer" },
    confirmed,
    { disconnection_reason: "voicemail_reached" },
    { ...confirmed, appointment_action: "cancelled", duration_seconds: 63 },
    { disconnection_reason: "user_hangup", duration_seconds: 21 },
  ];
  await ask("PATCH", "/api/settings/calls", { price_per_call: { amount_minor: 9, currency: "GBP" } });
  const day = new Date((await clockNow()).getTime() + 6 * 86_400_000).toISOString().slice(0, 10);
  const given = ["Padma", "George", "Joan", "Anton", "Charlotte", "Duncan", "Fatima", "Owen", "Rosalind", "Hana"];
  const family = ["Iyer", "Stavrou", "Bellweather", "Ferreira-Gunnarsdóttir"];
  const script: Record<string, object> = {};
  const ids: string[] = [];
  for (let place = 0; place < 40; place += 1) {
    const phone = `+44161496${String(100 + place).padStart(4, "0")}`;
    script[phone] = ends[place % ends.length] ?? confirmed;
    const made = await ask("POST", "/api/contacts", {
      name: `${given[place % 10] ?? ""} ${family[Math.floor(place / 10)] ?? ""}`,
      phone,
      appointment_time: `${day}T${String(9 + Math.floor(place / 5)).padStart(2, "0")}:${String((place % 5) * 10).padStart(2, "0")}`,
      ...(place % 13 !== 12 && { voice_consent: { method: "verbal" } }),
      hipaa_checklist: { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true },
      on_duplicate: "create_new",
    });
    if (made.status !== 201) throw new Error(await made.text());
    const { id } = (await made.json()) as { id: string };
    ids.push(id);
    if (place % 12 === 11) await ask("PATCH", `/api/contacts/${id}`, { do_not_contact: true });
  }
  await dev("sandbox/script", { by_number: script, default: confirmed });
  const made = (await (await ask("POST", "/api/groups", { name: "Hygienist recall", initial_contact_ids: ids })).json()) as { id: string };
  const called = await ask("POST", `/api/groups/${made.id}/call-all`, { call_timing: "immediate", custom_message_addition: "Our new entrance is on Mill Street." });
  if (called.status !== 202) throw new Error(await called.text());
  for (let step = 0; step < 20; step += 1) {
    await new Promise((done) => setTimeout(done, 1_000));
    await dev("clock", { advance_seconds: 30 });
  }
  return ((await called.json()) as { campaign_id: string }).campaign_id;
}

/** What the newer dialogs show: two records of one person, somebody who is not called, work that is done, a change that left somebody out. Gives who is refused, and who was changed. */
export async function more(ask: Ask): Promise<{ refused: string; changed: string }> {
  const day = new Date((await clockNow()).getTime() + 3 * 86_400_000).toISOString().slice(0, 10);
  const made = async (name: string, body: object): Promise<string> => {
    const before = (await (await ask("POST", "/api/contacts/search", { search: `"${name}"`, page_size: 10 })).json()) as { contacts: { id: string; name: string }[] };
    const known = before.contacts.find((each) => each.name === name);
    if (known) return known.id;
    const answer = await ask("POST", "/api/contacts", { name, on_duplicate: "create_new", ...body });
    if (answer.status !== 201) throw new Error(await answer.text());
    return ((await answer.json()) as { id: string }).id;
  };
  const booked = { appointment_time: `${day}T09:20`, appointment_type: "Check-up", owner_name: "Dr Lim" };
  const changed = await made("Orla Fitzgerald", { phone: "+441514965511", email: "orla.fitzgerald@example.org", notes: "Prefers mornings.", voice_consent: { method: "verbal" }, ...booked });
  await made("Orla Mae Fitzgerald", { phone: "+441514965511", notes: "Moved in spring." });
  const refused = await made("Theodora Ashworth", { phone: "+441514965512", ...booked });
  await ask("PATCH", `/api/contacts/${changed}`, { notes: "Prefers mornings, and to be rung on the landline.", email: "orla@example.org", tags: ["vip"] });
  await ask("POST", "/api/contacts/bulk", { operation: "status", new_status: "confirmed", confirmation_method: "manual", reason: "Rang us", selection: { ids: [changed, await made("Orla Mae Fitzgerald", {})] } });
  const { attention } = (await (await ask("GET", "/api/attention?status=open&page_size=10")).json()) as { attention: { attention_id: string }[] };
  for (const each of attention.length > 2 ? attention.slice(-2) : []) await ask("POST", `/api/attention/${each.attention_id}/resolve`, { done: "Rang, and left a message with their neighbour" });
  return { refused, changed };
}

/** Numbers of nobody else here: the limit of calls to one number is not what is looked at. */
const number = (place: number): string => `+44113496${String(Math.floor(Math.random() * 80) * 12 + place).padStart(4, "0")}`;
const CONSENT = { voice_consent: { method: "verbal" }, hipaa_checklist: { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true } };

async function booked(ask: Ask, name: string, place: number, at: string): Promise<string> {
  const answer = await ask("POST", "/api/contacts", { name, phone: number(place), appointment_time: at, appointment_type: "Check-up", owner_name: "Dr Anastasia Papadopoulos-Wellington", ...CONSENT, on_duplicate: "create_new" });
  if (answer.status !== 201) throw new Error(await answer.text());
  return ((await answer.json()) as { id: string }).id;
}

/** A morning with much to tell: failed calls, people who changed their minds, somebody put off, who came in over night, a campaign and calls on the phone. */
export async function muchToTell(): Promise<void> {
  await workingHours();
  let ask = await asUser();
  const due = await clockNow();
  do due.setUTCDate(due.getUTCDate() + 1);
  while (due.getUTCDay() % 6 === 0);
  const day = due.toISOString().slice(0, 10);
  await dev("sandbox/script", { default: { disconnection_reason: "invalid_destination" } });
  const failing: string[] = [];
  for (let place = 0; place < 12; place += 1) failing.push(await booked(ask, `${["Ann", "Bartholomew Alexander", "Ngozi"][place % 3] ?? ""} ${letters()}`, place, `${day}T1${String(place % 6)}:30`));
  for (const id of failing) await ask("POST", `/api/contacts/${id}/call-now`, {});
  const work = async () => ((await (await ask("GET", "/api/attention?status=open&page_size=100")).json()) as { attention: { attention_id: string; contact: { id: string } }[] }).attention.filter((each) => failing.includes(each.contact.id));
  for (let minute = 0; minute < 20 && (await work()).length < failing.length; minute += 1) {
    await dev("clock", { advance_seconds: 60 });
    await new Promise((done) => setTimeout(done, 700));
  }
  const open_ = await work();
  if (open_.length !== failing.length) throw new Error(`${String(open_.length)} of ${String(failing.length)} calls failed`);
  const { attention_id: first } = open_[0] ?? { attention_id: "" };
  const one = await ask("GET", `/api/attention/${first}`);
  const later = new Date(due.getTime() + 86_400_000).toISOString();
  const snoozed = await ask("POST", `/api/attention/${first}/snooze`, { until: later }, { "if-match": one.headers.get("etag") ?? "" });
  if (!snoozed.ok) throw new Error(await snoozed.text());
  for (const [place, status] of ["confirmed", "cancelled", "confirmed"].entries()) {
    const answer = await ask("PATCH", `/api/contacts/${failing[place + 1] ?? ""}`, { appointment_status: status, reason: "Rang us" });
    if (answer.status !== 200) throw new Error(await answer.text());
  }
  const night = new Date(`${day}T05:00:00Z`);
  await dev("clock", { now: night.toISOString() });
  ask = await asUser();
  for (let place = 0; place < 5; place += 1) await booked(ask, `Overnight ${letters()}`, place, `${day}T1${String(place)}:00`);
  await dev("clock", { now: `${day}T08:05:00Z` });
  ask = await asUser();
  // On the phone for as long as this is looked at.
  await dev("sandbox/script", { default: { disconnection_reason: "user_hangup", appointment_action: "confirmed", duration_seconds: 1_500 } });
  const talking: string[] = [];
  for (let place = 6; place < 9; place += 1) talking.push(await booked(ask, `Talking ${letters()}`, place, `${day}T17:30`));
  for (const id of talking) {
    const called = await ask("POST", `/api/contacts/${id}/call-now`, {});
    if (!called.ok) throw new Error(await called.text());
  }
}
