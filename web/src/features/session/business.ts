import { useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";
import { writeNumbersFrom } from "@/lib/phone";
import { nounsOf, type Nouns } from "@/lib/words";

/** The kind of business that was open here last: its words are there from the first paint, and nothing moves when it is known. */
const KIND = "vio.business";

export function useBusiness() {
  return useQuery({
    queryKey: ["business"],
    queryFn: async () => {
      const business = await body(api.GET("/api/users/business"));
      localStorage.setItem(KIND, business.business_type);
      writeNumbersFrom(business.country);
      return business;
    },
    staleTime: 5 * 60_000,
  });
}

export const lastNouns = (): Nouns => nounsOf(localStorage.getItem(KIND) ?? undefined);

export const OWN_DAY = "one of your closed days";

/** Why a date (`yyyy-mm-dd`) is a holiday of the business: the bank holiday's name, or that it is one of its own. */
export function holidayOn(date: string, business: { business_hours: Pick<Schemas["BusinessHoursView"], "holiday_calendar"> } | undefined): string | null {
  const calendar = business?.business_hours.holiday_calendar;
  if (!calendar) return null;
  if (calendar.custom_holidays.includes(date)) return OWN_DAY;
  return (calendar.uk_bank_holidays && calendar.bank_holidays.find((each) => each.date === date)?.title) || null;
}

/** The zone in which the business's times are shown. */
export const useZone = (): string => useBusiness().data?.timezone ?? "Europe/London";

export function useNouns(): Nouns {
  const known = useBusiness().data?.business_type;
  return known === undefined ? lastNouns() : nounsOf(known);
}

export function useLocations() {
  return useQuery({ queryKey: ["locations"], queryFn: () => body(api.GET("/api/locations")), staleTime: 5 * 60_000, select: (answer) => answer.locations });
}

export function useAppointmentTypes() {
  return useQuery({ queryKey: ["appointment-types"], queryFn: () => body(api.GET("/api/appointment-types")), staleTime: 5 * 60_000, select: (answer) => answer.appointment_types });
}

export function useCallSettings() {
  return useQuery({ queryKey: ["call-settings"], queryFn: () => body(api.GET("/api/settings/calls")), staleTime: 60_000 });
}
