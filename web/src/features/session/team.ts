import { useQuery } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { useMay, useMe } from "./use";

/** The team, for those who may see it; others know themselves alone. */
export function useTeam() {
  const may = useMay();
  return useQuery({ queryKey: ["team"], queryFn: () => body(api.GET("/api/team")), staleTime: 60_000, enabled: may("manage_team_members") });
}

export function useColleagues(): { id: string; name: string }[] {
  const me = useMe();
  const team = useTeam().data?.members;
  if (!team) return [{ id: me.id, name: me.full_name }];
  return team.filter((each) => each.status === "active").map((each) => ({ id: each.id, name: each.full_name }));
}

/** The name of a colleague by id, where it is known. */
export function useColleague(): (id: string | null | undefined) => string | undefined {
  const me = useMe();
  const team = useTeam().data?.members;
  return (id) => (id === me.id ? me.full_name : team?.find((each) => each.id === id)?.full_name);
}
