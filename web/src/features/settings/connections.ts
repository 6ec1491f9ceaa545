import { queryOptions } from "@tanstack/react-query";
import { api, body, versioned } from "@/api/client";

/** The connections and the version that an edit names. */
export const connectionsQuery = queryOptions({ queryKey: ["settings", "integrations"], queryFn: () => versioned(api.GET("/api/settings/integrations")) });

/** How the calendars are doing. */
export const syncQuery = queryOptions({ queryKey: ["settings", "integrations", "status"], queryFn: () => body(api.GET("/api/settings/integrations/status")) });
