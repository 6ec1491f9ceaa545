import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body, versioned, type Schemas } from "@/api/client";

export type Notification = Schemas["Notification"];

const NEWEST = 10;

/** The newest messages and how many were not read: what the bell shows. */
export function useNewest() {
  return useQuery({ queryKey: ["notifications", "newest"], queryFn: () => body(api.GET("/api/notifications", { params: { query: { page_size: NEWEST } } })), staleTime: 10_000 });
}

/** All messages with the names of those they are about, page by page. */
export function useNotifications() {
  return useInfiniteQuery({
    queryKey: ["notifications", "all"],
    queryFn: ({ pageParam }) => body(api.GET("/api/notifications", { params: { query: { page_size: 25, names: true, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (last) => last.pagination.next_cursor,
  });
}

/** Marks messages as read: those named, or all. */
export function useRead() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (ids?: string[]) => api.POST("/api/notifications/read", { body: ids ? { notification_ids: ids } : {} }),
    onSettled: () => void client.invalidateQueries({ queryKey: ["notifications"] }),
  });
}

/** Where and for how long messages appear. */
export function useDisplay(): Schemas["InAppView"] | undefined {
  return useQuery({ queryKey: ["settings", "notifications"], queryFn: () => versioned(api.GET("/api/settings/notifications")), staleTime: 60_000 }).data?.value.in_app_notifications;
}
