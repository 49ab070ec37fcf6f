"use strict";
// Asks the box every second and shows what changed. Everything is put in as text, never as markup.

const EVERY = 1000; // milliseconds
const TOTALS = [
  ["orders", "Orders"], ["cards", "Stored instruments"], ["charges", "Charges that stand"], ["declines", "Declines"],
  ["deliveries", "Deliveries"], ["charged_twice", "Charged twice"], ["violations", "Violations"],
];
const ALARMS = new Set(["charged_twice", "violations"]);
const STATUSES = { "Incomplete": "wait", "Pending": "wait", "Awaiting Fulfillment": "good", "Completed": "good", "Declined": "bad" };
const PAYMENTS = { purchase: "good", authorization: "good", capture: "good", settled: "good", pending: "wait", declined: "bad", failed: "bad" };
// A table: key, title, what it says when it is empty, and its columns: heading, class, what a row has there.
const TABLES = [
  ["violations", "Violations", "", [
    ["Call", "code", (row) => row.endpoint], ["Rule", "", (row) => row.rule], ["At", "time", (row) => clock(row.at)]]],
  ["orders", "Orders", "No order yet.", [
    ["Order", "number", (row) => row.id], ["Status", "", (row) => said(mark(row.status, STATUSES[row.status]), row.source)],
    ["Amount", "number", (row) => row.amount], ["Customer", "number", (row) => row.customer],
    ["Changed", "time", (row) => clock(row.at)]]],
  ["payments", "Payments", "Nothing was charged yet.", [
    ["Order", "number", (row) => row.order], ["What", "", (row) => said(mark(row.what, PAYMENTS[row.what]), row.word)],
    ["Amount", "number", (row) => row.amount], ["Token", "code", (row) => row.token], ["At", "time", (row) => clock(row.at)]]],
  ["cards", "Cards and accounts", "No instrument is stored yet.", [
    ["Customer", "number", (row) => row.customer], ["Instrument", "", (row) => row.instrument],
    ["Default", "", (row) => (row.default ? mark("default", "good") : "")],
    ["Gateway", "", (row) => said(mark(row.gateway, row.gateway === "approves" ? "" : "bad"), row.word)],
    ["Token", "code", (row) => row.token]]],
  ["deliveries", "Deliveries", "No webhook was posted yet.", [
    ["Scope", "", (row) => said(row.scope.replace(/^store\//, ""), row.destination)], ["About", "number", (row) => row.about],
    ["Try", "number", (row) => row.attempt],
    ["Answer", "", (row) => mark(row.answer + (row.signed ? "" : ", forged"), row.accepted ? "good" : "bad")],
    ["At", "time", (row) => clock(row.at)]]],
];

const find = (id) => document.getElementById(id);
const clock = (text) => new Date(text).toLocaleTimeString([], { hour12: false });
let paused = false;
const shown = new Map();

function make(tag, className, ...content) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...content);
  return node;
}

function mark(text, mood) {
  return make("span", `mark ${mood || ""}`, String(text));
}

function said(node, words) {
  const both = make("span", "", node);
  if (words) both.append(make("small", "", words));
  return both;
}

function buildTable([key, title, , columns]) {
  const heading = make("h2", "", title, make("span", ""));
  heading.id = `${key}-title`;
  const heads = columns.map(([name, className]) => {
    const head = make("th", className === "number" ? "number" : "", name);
    head.scope = "col";
    return head;
  });
  const scroll = make("div", "scroll", make("table", "", make("thead", "", make("tr", "", ...heads)), make("tbody", "")));
  scroll.tabIndex = 0; // a keyboard can scroll it
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-labelledby", heading.id);
  const section = make("section", "", heading, make("p", "none"), scroll);
  section.id = key;
  return section;
}

function fillTable([key, , empty, columns], rows, total) {
  const section = find(key);
  section.hidden = !rows.length && !empty;
  section.querySelector("h2 span").textContent = total > rows.length ? `latest ${rows.length} of ${total}` : "";
  const none = section.querySelector(".none");
  none.hidden = rows.length > 0;
  none.textContent = empty;
  section.querySelector(".scroll").hidden = !rows.length;
  section.querySelector("tbody").replaceChildren(...rows.map((row) => make("tr", "", ...columns.map(([name, className, read]) => {
    const cell = make("td", className, read(row) ?? "");
    cell.dataset.label = name;
    return cell;
  }))));
}

function fillTotals(totals) {
  find("totals").replaceChildren(...TOTALS.map(([key, name]) =>
    make("div", ALARMS.has(key) && totals[key] ? "bad" : "", make("dt", "", name), make("dd", "", String(totals[key])))));
}

function fillStores(data) {
  const store = find("store");
  if (store.options.length === data.stores.length) return;
  store.replaceChildren(...data.stores.map((hash) => new Option(hash, hash, false, hash === data.store_hash)));
}

function show(data) {
  fillStores(data);
  const counts = { ...data.totals, payments: 0 };
  for (const table of TABLES) {
    const rows = data[table[0]];
    const said = JSON.stringify([rows, counts[table[0]]]);
    if (shown.get(table[0]) === said) continue; // what has not changed stays: a selection and a scroll survive
    shown.set(table[0], said);
    fillTable(table, rows, counts[table[0]]);
  }
  fillTotals(data.totals);
}

async function refresh() {
  const chosen = find("store").value;
  try {
    const answer = await fetch(`/_control/activity${chosen ? `?store_hash=${encodeURIComponent(chosen)}` : ""}`);
    if (!answer.ok) throw new Error(answer.status);
    show((await answer.json()).data);
    say("Live");
  } catch {
    say("The box does not answer");
  }
}

function say(text) {
  if (find("fresh").textContent !== text) find("fresh").textContent = text;
}

async function follow() {
  if (!paused && !document.hidden) await refresh();
  setTimeout(follow, EVERY);
}

find("tables").append(...TABLES.map(buildTable));
find("store").addEventListener("change", () => { shown.clear(); refresh(); });
find("pause").addEventListener("click", (event) => {
  paused = !paused;
  event.target.setAttribute("aria-pressed", String(paused));
  event.target.textContent = paused ? "Resume" : "Pause";
  say(paused ? "Paused" : "Live");
});
follow();
