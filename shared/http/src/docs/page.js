"use strict";
(() => {
  // Text only ever goes in as text: nothing of the document is parsed as HTML.
  const el = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
    return node;
  };
  const METHODS = ["get", "post", "put", "patch", "delete"];
  let doc;

  const resolve = (thing) => {
    for (let hops = 0; thing && thing.$ref && hops < 8; hops += 1) {
      thing = thing.$ref.replace(/^#\//, "").split("/")
        .reduce((at, part) => (at || {})[part.replace(/~1/g, "/").replace(/~0/g, "~")], doc);
    }
    return thing || {};
  };
  const refName = (thing) => (thing && thing.$ref ? thing.$ref.split("/").pop() : null);

  const typeName = (schema) => {
    const name = refName(schema);
    if (name) return name;
    if (schema.oneOf || schema.anyOf) return (schema.oneOf || schema.anyOf).map(typeName).join(" or ");
    const types = [].concat(schema.type || "any");
    return types.map((type) => (type === "array" ? `list of ${typeName(schema.items || {})}` : type)).join(" or ")
      + (schema.format ? ` (${schema.format})` : "");
  };
  const limits = (schema) => {
    const said = [];
    if (schema.enum) said.push("one of " + schema.enum.map((value) => JSON.stringify(value)).join(", "));
    for (const key of ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "default"]) {
      if (schema[key] !== undefined) said.push(`${key} ${JSON.stringify(schema[key])}`);
    }
    return said.join("; ");
  };

  const fields = (schema, seen) => {
    const name = refName(schema);
    if (name && seen.includes(name)) return null;
    const next = name ? [...seen, name] : seen;
    const whole = resolve(schema);
    if (next.length > 6) return null;
    if (whole.items) return fields(whole.items, next);
    const parts = whole.allOf || whole.oneOf || whole.anyOf;
    if (parts) {
      const lists = parts.map((part) => fields(part, next)).filter(Boolean);
      return lists.length ? el("div", {}, lists) : null;
    }
    const properties = Object.entries(whole.properties || {});
    if (!properties.length) return null;
    return el("ul", { class: "fields" }, properties.map(([key, property]) => {
      const plain = resolve(property);
      const required = (whole.required || []).includes(key);
      const said = [property.description || plain.description, limits(plain)].filter(Boolean).join(" — ");
      return el("li", {},
        el("code", {}, key), " ",
        el("span", { class: "quiet" }, typeName(property) + (required ? ", required" : "")),
        said ? ` ${said}` : null,
        fields(property, next));
    }));
  };

  const examples = (content) => {
    const found = [];
    if (content.example !== undefined) found.push(["Example", content.example]);
    for (const [name, example] of Object.entries(content.examples || {})) {
      found.push([resolve(example).summary || name, resolve(example).value]);
    }
    const schema = resolve(content.schema);
    if (!found.length && schema.example !== undefined) found.push(["Example", schema.example]);
    return found.map(([name, value]) =>
      el("details", {}, el("summary", {}, name), el("pre", {}, JSON.stringify(value, null, 2))));
  };
  const contents = (map) => Object.entries(map || {}).map(([type, raw]) => {
    const content = resolve(raw);
    return el("div", {},
      el("span", { class: "quiet" }, `${type} `), el("code", {}, typeName(content.schema || {})),
      type.includes("problem") ? null : fields(content.schema || {}, []), examples(content));
  });

  const operation = (path, method, item, op) => {
    const parameters = [...(item.parameters || []), ...(op.parameters || [])].map(resolve);
    const body = resolve(op.requestBody);
    const needs = op["x-permissions"];
    const access = (op.security || []).length
      ? (needs ? `Needs ${needs.join(" or ")}.` : "Needs a session.") : "Open.";
    const node = el("details", { class: "op", id: `${method} ${path}` },
      el("summary", {},
        el("span", { class: `method ${method}` }, method.toUpperCase()),
        el("span", { class: "path" }, path),
        el("span", { class: "quiet" }, op.summary || "")),
      el("div", {},
        op.description ? el("p", {}, op.description) : null,
        el("p", { class: "quiet" }, access),
        parameters.length ? [el("h3", {}, "Parameters"), el("table", {}, parameters.map((parameter) =>
          el("tr", {},
            el("td", {}, el("code", {}, parameter.name)),
            el("td", { class: "quiet" }, `${parameter.in}${parameter.required ? ", required" : ""}`),
            el("td", { class: "quiet" }, typeName(parameter.schema || {})),
            el("td", {}, [parameter.description, limits(resolve(parameter.schema))].filter(Boolean).join(" — ")))))] : null,
        body.content ? [el("h3", {}, "Body"), contents(body.content)] : null,
        el("h3", {}, "Answers"),
        el("table", {}, Object.entries(op.responses || {}).map(([status, raw]) => {
          const response = resolve(raw);
          return el("tr", {},
            el("td", {}, el("code", {}, status)),
            el("td", {}, response.description || "", contents(response.content)));
        }))));
    node.dataset.text = [method, path, op.summary, op.description, ...Object.keys(op.responses || {})].join(" ").toLowerCase();
    return node;
  };

  const show = () => {
    document.getElementById("about").textContent =
      `${doc.info.title} ${doc.info.version}. ${doc.info.description || ""}`;
    const sections = new Map();
    for (const [path, item] of Object.entries(doc.paths)) {
      for (const method of METHODS.filter((name) => item[name])) {
        const tag = (item[method].tags || [path.split("/")[2] || "other"])[0];
        if (!sections.has(tag)) sections.set(tag, []);
        sections.get(tag).push(operation(path, method, item, item[method]));
      }
    }
    const main = document.getElementById("main");
    const nav = document.getElementById("nav");
    for (const [tag, nodes] of [...sections].sort(([a], [b]) => a.localeCompare(b))) {
      main.append(el("section", {}, el("h2", { id: tag }, tag), nodes));
      nav.append(el("a", { href: `#${tag}` }, tag));
    }
    const problems = Object.values((doc.components || {}).responses || {}).flatMap((response) =>
      Object.values((response.content || {})["application/problem+json"]?.examples || {}).map((example) => example.value));
    if (problems.length) {
      main.append(el("section", {}, el("h2", { id: "problems" }, "Problem types"),
        el("table", {}, problems.map((problem) => el("tr", {},
          el("td", {}, el("code", {}, String(problem.status))),
          el("td", {}, el("code", {}, problem.type)),
          el("td", {}, problem.detail))))));
      nav.append(el("a", { href: "#problems" }, "problem types"));
    }
  };

  document.getElementById("find").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const section of document.querySelectorAll("section")) {
      const nodes = [...section.querySelectorAll("details.op")];
      for (const node of nodes) node.hidden = !words.every((word) => node.dataset.text.includes(word));
      section.hidden = nodes.length > 0 && nodes.every((node) => node.hidden);
    }
  });

  fetch("openapi.json", { headers: { accept: "application/json" } })
    .then((response) => (response.ok ? response.json() : Promise.reject(new Error(String(response.status)))))
    .then((json) => { doc = json; show(); })
    .catch((error) => { document.getElementById("about").textContent = `The document could not be loaded (${error.message}).`; });
})();
