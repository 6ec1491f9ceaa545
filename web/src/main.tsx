import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { client } from "./api/cache";
import { startConnection } from "./api/connection";
import { resume, session } from "./api/session";
import { startHiding } from "./features/preferences/hidden";
import { startLook } from "./features/preferences/look";
import { startKept } from "./features/session/kept";
import { fetchPages, router } from "./router";
import "./styles/tokens.css";
import "./styles/base.css";

startLook();
startHiding();
startConnection();
startKept();
// The page begins with its frame while the session is taken up; a failure here is shown by the frame.
resume().catch(() => null);

// The other pages come when the first one is there and nobody waits for it any more.
const LATER = 5_000;
const stop = session.subscribe(() => {
  if (session.get().status !== "in") return;
  stop();
  setTimeout(() => void fetchPages(), LATER);
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
