import { useQuery } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { nounsOf, type Nouns } from "@/lib/words";

export function useBusiness() {
  return useQuery({ queryKey: ["business"], queryFn: () => body(api.GET("/api/users/business")), staleTime: 5 * 60_000 });
}

/** The zone in which the business's times are shown. */
export const useZone = (): string => useBusiness().data?.timezone ?? "Europe/London";

export const useNouns = (): Nouns => nounsOf(useBusiness().data?.business_type);

export function useLocations() {
  return useQuery({ queryKey: ["locations"], queryFn: () => body(api.GET("/api/locations")), staleTime: 5 * 60_000, select: (answer) => answer.locations });
}

export function useAppointmentTypes() {
  return useQuery({ queryKey: ["appointment-types"], queryFn: () => body(api.GET("/api/appointment-types")), staleTime: 5 * 60_000, select: (answer) => answer.appointment_types });
}

export function useCallSettings() {
  return useQuery({ queryKey: ["call-settings"], queryFn: () => body(api.GET("/api/settings/calls")), staleTime: 60_000 });
}
