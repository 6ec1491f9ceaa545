import { useSyncExternalStore } from "react";
import { session, type SessionState, type SignedInUser } from "@/api/session";

export const useSession = (): SessionState => useSyncExternalStore((listener) => session.subscribe(listener), session.get);

/** S3's names of what a user may do. */
export type Permission =
  | "view_contacts"
  | "create_contacts"
  | "edit_own_contacts"
  | "edit_all_contacts"
  | "delete_contacts"
  | "trigger_manual_calls"
  | "view_call_results"
  | "modify_call_schedules"
  | "configure_call_settings"
  | "configure_integrations"
  | "manage_business_settings"
  | "manage_compliance_settings"
  | "manage_team_members"
  | "update_own_profile"
  | "view_basic_analytics"
  | "export_contacts";

/** Who is signed in. Pages are only shown while somebody is. */
export function useMe(): SignedInUser {
  const state = useSession();
  if (state.status === "in" || state.status === "expired") return state.user;
  throw new Error("nobody is signed in");
}

export function useMay(): (...permissions: Permission[]) => boolean {
  const { permissions } = useMe();
  return (...wanted) => wanted.some((each) => permissions.includes(each));
}

/** Whether this user may change a contact: all of them, or only those created by or assigned to the user. */
export function useMayEdit(): (contact: { created_by?: string | null; assigned_to?: string | null }) => boolean {
  const me = useMe();
  return (contact) =>
    me.permissions.includes("edit_all_contacts") || (me.permissions.includes("edit_own_contacts") && (contact.created_by === me.id || contact.assigned_to === me.id));
}
