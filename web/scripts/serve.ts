/** Serves `dist` as the local host does: one page for every address, a strict content security policy, the API behind the same origin. */
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES: Record<string, string> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json" };

export const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const dist = fileURLToPath(new URL("../dist", import.meta.url));

function forward(api: URL, from: IncomingMessage, to: ServerResponse): void {
  const sent = ask({ host: api.hostname, port: api.port, path: from.url, method: from.method, headers: { ...from.headers, host: api.host } }, (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(to);
  });
  sent.on("error", () => {
    to.writeHead(502);
    to.end();
  });
  from.pipe(sent);
}

export function serve(api: string, port = 0): Promise<{ url: string; close: () => void }> {
  const target = new URL(api);
  const server = createServer((from, to) => {
    const path = (from.url ?? "/").split("?")[0] ?? "/";
    if (path.startsWith("/api/") || path.startsWith("/dev/")) {
      forward(target, from, to);
      return;
    }
    const wanted = normalize(join(dist, path));
    const file = wanted.startsWith(dist) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(dist, "index.html");
    to.writeHead(200, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": file.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-store",
    });
    to.end(readFileSync(file));
  });
  return new Promise((done) => {
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const bound = typeof address === "object" && address ? address.port : port;
      done({ url: `http://127.0.0.1:${String(bound)}`, close: () => server.close() });
    });
  });
}
