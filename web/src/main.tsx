import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { client } from "./api/cache";
import { resume } from "./api/session";
import { startLook } from "./features/preferences/look";
import { router } from "./router";
import "./styles/tokens.css";
import "./styles/base.css";

startLook();
// The page begins with its frame while the session is taken up; a failure here is shown by the frame.
resume().catch(() => null);

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
