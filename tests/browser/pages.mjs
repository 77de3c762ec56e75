// Opens the program's pages in Chromium and checks that they say what the JSON says, that every cell leads to its
// evidence, and that anybody can read them: with a keyboard, with a screen reader, on a telephone, without script.
//
//     node pages.mjs PROGRAM CHROMIUM [FOLDER]        (screenshots go to FOLDER, where one is named)
//
// scripts/browser_test.sh installs what this needs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [program, executablePath, screenshots] = process.argv.slice(2);
assert(program && executablePath, "usage: node pages.mjs PROGRAM CHROMIUM [FOLDER]");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), "policy-echo-pages-"));

// ---- The pages and the JSON of the same calls.

const run = (...words) => {
  const environment = { ...process.env };
  delete environment.POLICY_ECHO_SERVER;
  return execFileSync(program, words, { cwd: examples, env: environment, maxBuffer: 1 << 30, encoding: "utf8" });
};
const page = (name, ...words) => {
  const file = path.join(folder, `${name}.html`);
  run(...words, "--format", "html", "-o", file);
  return pathToFileURL(file).href;
};

const manifest = "henan-civility/manifest.json";
const family = JSON.parse(readFileSync(path.join(examples, manifest), "utf8")).documents;
const familyFiles = family.map((document) => `henan-civility/${document.file}`);
const traceWords = ["trace", ...familyFiles, "--manifest", manifest];
const regulations = ["compare", familyFiles[0], familyFiles.find((file) => file.includes("许昌"))];
const plenums = ["compare", "guangdong-2019-07-26-plenum.txt", "guangzhou-2020-12-01-plenum.txt"];

const replies = run(...traceWords, "--format", "json").trim().split("\n").map((line) => JSON.parse(line));
const findings = replies.filter((reply) => reply.finding).map((reply) => reply.finding);
const summary = replies.at(-1).summary;
const familyBytes = familyFiles.map((file) => readFileSync(path.join(examples, file)));

const pages = {
  trace: page("trace", ...traceWords),
  "trace-en": page("trace-en", ...traceWords, "--lang", "en"),
  regulations: page("regulations", ...regulations),
  plenums: page("plenums", ...plenums),
  "plenums-en": page("plenums-en", ...plenums, "--lang", "en"),
};

// ---- Small things.

const tight = (text) => text.replace(/\s+/gu, "");
const words = (bytes, span) => tight(bytes.subarray(span?.start ?? 0, span?.end ?? 0).toString("utf8"));
const percent = (share) => Math.round((share ?? 0) * 100);
let checks = 0;
const equal = (found, expected, what) => {
  checks += 1;
  assert.deepEqual(found, expected, what);
};
const holds = (condition, what) => {
  checks += 1;
  assert(condition, what);
};

const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

// Opens a page; whatever it says on the console or asks of a network fails the test.
async function open(address, { width = 1440, scheme = "light", script = true } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 900 }, colorScheme: scheme, javaScriptEnabled: script,
  });
  // A machine that builds at the same time is slow, not wrong.
  context.setDefaultTimeout(120_000);
  const tab = await context.newPage();
  const complaints = [];
  tab.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  tab.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  tab.on("request", (request) => {
    if (request.url().split("#")[0] !== address) complaints.push(`asks for ${request.url()}`);
  });
  await tab.goto(address);
  return { tab, complaints, close: async () => {
    equal(complaints, [], `${address}: the console stays silent and nothing is asked for`);
    await context.close();
  } };
}

const inView = (tab, selector) => tab.locator(selector).evaluate((element) => {
  const box = element.getBoundingClientRect();
  return box.height > 0 && box.top < innerHeight && box.bottom > 0;
});

// ---- What every page must be.

async function readable(name, width, scheme) {
  const { tab, close } = await open(pages[name], { width, scheme });
  const where = `${name} at ${width}, ${scheme}`;
  const overflow = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  holds(overflow <= 0, `${where}: ${overflow} pixels wider than the window`);
  const violations = await tab.evaluate(`${axe};axe.run(document, { resultTypes: ["violations"] }).then((result) =>
    result.violations.map((violation) => violation.id + ": " + violation.nodes.length + " such as " +
      violation.nodes[0].html.slice(0, 200) + " " + violation.nodes[0].failureSummary.slice(0, 300)))`);
  equal(violations, [], `${where}: axe-core`);
  if (screenshots) await tab.screenshot({ path: path.join(screenshots, `${name}-${width}-${scheme}.png`) });
  await close();
}

async function reachableByKeyboard(name) {
  const { tab, close } = await open(pages[name]);
  await tab.keyboard.press("Tab");
  equal(await tab.evaluate(() => document.activeElement.className), "skip", `${name}: the first stop skips to the content`);
  await tab.keyboard.press("Enter");
  equal(await tab.evaluate(() => location.hash), "#content", name);
  await close();
}

// ---- The page of a trace.

const signs = {
  FATE_KEPT: "留", FATE_ADAPTED: "改", FATE_MERGED: "并", FATE_SPLIT: "拆", FATE_MOVED: "移", FATE_PARTIAL: "部",
  FATE_SILENT: "—",
};

async function traceSaysWhatTheJsonSays() {
  const { tab, close } = await open(pages.trace);
  const seen = await tab.evaluate(() => {
    const text = (element) => element.textContent.replace(/\s+/gu, "");
    const wording = (element) => {
      const copy = element.cloneNode(true);
      copy.querySelectorAll("a.n").forEach((number) => number.remove());
      return text(copy);
    };
    return {
      counts: Object.fromEntries([...document.querySelectorAll("[data-count]")].map((e) => [e.dataset.count, Number(text(e))])),
      columns: [...document.querySelectorAll(".matrix:not(.kin) thead th a")].map((a) => Number(a.hash.slice(2)) - 1),
      older: [...document.querySelectorAll(".matrix:not(.kin) thead th.older a")].map((a) => Number(a.hash.slice(2)) - 1),
      rows: [...document.querySelectorAll(".matrix tr[id^=m]")].map((row) => ({
        label: text(row.cells[0].querySelector("a")),
        cells: [...row.cells].slice(1, -1).map((cell) => ({
          text: text(cell), to: cell.querySelector("a").hash, older: cell.classList.contains("older"),
        })),
        took: text([...row.cells].at(-1)),
      })),
      silence: [...document.querySelectorAll(".silence > li > a:first-child")].map((a) => Number(a.hash.slice(2)) - 1),
      quotations: Object.fromEntries([...document.querySelectorAll(".q[id]")].map((q) =>
        [q.id, [...q.querySelectorAll(".pair > .t")].map(wording)])),
      cities: [...document.querySelectorAll("article.city")].map((city) => ({
        number: Number(city.dataset.c) - 1,
        title: text(city.querySelector("h3")),
        additions: Number(text(city.querySelector("[data-count=additions]"))),
        changes: city.querySelectorAll(".low tbody tr").length,
      })),
      kinship: [...document.querySelectorAll(".kin td a")].map((a) => [a.hash, Number(text(a))]),
      ids: [...document.querySelectorAll("[id]")].map((element) => element.id),
      links: [...document.querySelectorAll("a[href]")].map((a) => a.getAttribute("href")),
    };
  });
  const ids = new Set(seen.ids);
  equal(seen.links.filter((to) => !to.startsWith("#") || !ids.has(to.slice(1))), [], "links that lead nowhere");
  equal(seen.counts.rows, summary.rows.length, "rows");
  equal(seen.counts.resolutions, summary.resolutions.length, "resolutions");
  equal(seen.counts.silence, summary.silence?.length ?? 0, "silence");
  equal(seen.counts.pairs, summary.sharedBeyond?.length ?? 0, "pairs");

  // The matrix, cell for cell. Columns stand in order of time, cells in order of sending.
  equal([...seen.columns].sort((a, b) => a - b), summary.resolutions.map((r) => r.resolution ?? 0), "columns");
  const order = (traced) => traced.chronology.order;
  const preceding = summary.resolutions.filter((traced) => order(traced).endsWith("PRECEDING"));
  equal(preceding.length, 4, "cities that legislated before the province");
  equal([...seen.older].sort((a, b) => a - b), preceding.map((traced) => traced.resolution ?? 0), "columns marked as older");
  equal(seen.columns.slice(0, 4), seen.older, "older ones stand first");
  const dates = seen.columns.map((resolution) => family[resolution + 1].adopted);
  equal(dates, [...dates].sort(), "columns in order of time");
  equal(seen.rows.length, summary.rows.length, "rows of the matrix");
  const directive = familyBytes[0];
  const at = Object.fromEntries(summary.resolutions.map((traced, index) => [traced.resolution ?? 0, index]));
  const silent = (cell) => cell.fate === "FATE_SILENT";
  summary.rows.forEach((row, index) => {
    const shown = seen.rows[index];
    const label = words(directive, row.label);
    if (label) equal(shown.label, label, `label of row ${index}`);
    seen.columns.forEach((resolution, place) => {
      const cell = row.cells[at[resolution]];
      const expected = signs[cell.fate] + (silent(cell) ? "" : percent(cell.share));
      equal(shown.cells[place].text, expected, `row ${index}, resolution ${resolution}`);
      equal(shown.cells[place].older, seen.older.includes(resolution), `row ${index}, resolution ${resolution}: older`);
    });
    const younger = seen.columns.filter((resolution) => !seen.older.includes(resolution));
    const taken = younger.filter((resolution) => !silent(row.cells[at[resolution]])).length;
    equal(shown.took, `${taken}/${younger.length}`, `row ${index}: taken up`);
  });
  equal(seen.silence, summary.silence ?? [], "the silence list");
  const kinship = (summary.sharedBeyond ?? []).map((pair) =>
    [`#k${(pair.later ?? 0) + 1}-${(pair.earlier ?? 0) + 1}`, percent(pair.share)]);
  equal([...seen.kinship].sort(), kinship.sort(), "kinship");

  // Every passage with its words in both texts; every city with what it adds and changes.
  let passages = 0;
  for (const finding of findings) {
    const resolution = finding.resolution ?? 0;
    const { comparison, localAdditions, changes } = finding.trace;
    const bytes = familyBytes[resolution + 1];
    (comparison.passages ?? []).forEach((passage, index) => {
      passages += 1;
      const expected = [words(directive, passage.left), words(bytes, passage.right)];
      equal(seen.quotations[`p${resolution + 1}-${index + 1}`], expected, `passage ${index} of resolution ${resolution}`);
    });
    const city = seen.cities.find((city) => city.number === resolution);
    equal(city.title, family[resolution + 1].title, "title");
    equal(city.additions, localAdditions?.length ?? 0, `additions of ${city.title}`);
    equal(city.changes, changes?.length ?? 0, `changes of ${city.title}`);
  }
  equal(seen.counts.passages, passages, "passages");
  await close();
}

// From cells of the matrix to the words that prove them.
async function cellsLeadToEvidence(script) {
  const { tab, close } = await open(pages.trace, { script });
  const said = script ? "with script" : "without script";
  const heads = tab.locator(".matrix:not(.kin) thead th a");
  const columns = await heads.evaluateAll((links) => links.map((a) => Number(a.hash.slice(2)) - 1));
  let followed = 0;
  for (const fate of ["FATE_KEPT", "FATE_ADAPTED", "FATE_PARTIAL"]) {
    for (const older of [false, true]) {
      const wanted = (cell, column) => {
        const isOlder = summary.resolutions[column].chronology.order.endsWith("PRECEDING");
        return cell.fate === fate && cell.strongestPassage !== undefined && isOlder === older;
      };
      const row = summary.rows.findIndex((row) => !row.depth && row.cells.some(wanted));
      if (row < 0) continue;
      const column = summary.rows[row].cells.findIndex(wanted);
      const resolution = summary.resolutions[column].resolution ?? 0;
      const cell = summary.rows[row].cells[column];
      const passage = findings.find((f) => (f.resolution ?? 0) === resolution).trace.comparison.passages[cell.strongestPassage];
      const sign = `${signs[fate]}${percent(cell.share)}`;
      const target = tab.locator(`#m${row + 1} td`).nth(columns.indexOf(resolution)).locator("a");
      const href = await target.getAttribute("href");
      equal(tight(await target.textContent()), sign, "the cell");
      await target.click();
      equal(new URL(tab.url()).hash, href, `${said}: the address after a click`);
      holds(await inView(tab, href), `${said}: ${href} is seen after a click`);
      const strongest = tab.locator(`#p${resolution + 1}-${cell.strongestPassage + 1}`);
      const texts = (await strongest.locator(".pair > .t").allTextContents()).map(tight);
      equal(texts, [words(familyBytes[0], passage.left), words(familyBytes[resolution + 1], passage.right)], "the words");
      followed += 1;
    }
  }
  holds(followed >= 4, `${said}: ${followed} cells followed`);
  // Points under the articles are hidden until they are asked for, by style alone.
  const part = summary.rows.findIndex((row) => row.depth > 0);
  if (part >= 0) {
    holds(!(await tab.locator(`#m${part + 1}`).isVisible()), `${said}: points are folded`);
    await tab.locator("#show-parts").check();
    holds(await tab.locator(`#m${part + 1}`).isVisible(), `${said}: points are shown`);
  }
  const folded = tab.locator("article.city details").first();
  await folded.locator("summary").click();
  holds(await folded.locator("li").first().isVisible(), `${said}: folded additions open`);
  await close();
}

// ---- The page of a comparison.

async function comparisonSaysWhatTheJsonSays(name, call) {
  const found = JSON.parse(run(...call, "--format", "json", "--include-text"));
  const bytes = [call[1], call[2]].map((file) => readFileSync(path.join(examples, file)));
  const { tab, close } = await open(pages[name]);
  const seen = await tab.evaluate(() => {
    const text = (element) => element.textContent.replace(/\s+/gu, "");
    const wording = (element) => {
      const copy = element.cloneNode(true);
      copy.querySelectorAll("a.n, a.pn").forEach((number) => number.remove());
      return text(copy);
    };
    return {
      counts: Object.fromEntries([...document.querySelectorAll("[data-count]")].map((e) => [e.dataset.count, Number(text(e))])),
      beads: [...document.querySelectorAll("article.bead")].map((bead) =>
        [...bead.querySelectorAll(".paragraph")].map((paragraph) => paragraph.id)),
      paragraphs: Object.fromEntries([...document.querySelectorAll(".paragraph")].map((p) => [p.id, wording(p.querySelector(".t"))])),
      passages: Object.fromEntries([...document.querySelectorAll("article.card")].map((card) =>
        [card.id, [...card.querySelectorAll(".t")].map(wording)])),
      links: [...document.querySelectorAll("section[aria-labelledby=links] tbody tr")].map((row) => [...row.cells].slice(0, 3).map(text)),
      fates: [...document.querySelectorAll(".items tbody .fate")].map(text),
      phrases: [...document.querySelectorAll(".phrases tbody th")].map(text),
      score: [...document.querySelectorAll(".score td.share .number")].map(text),
      ids: [...document.querySelectorAll("[id]")].map((element) => element.id),
      hrefs: [...document.querySelectorAll("a[href]")].map((a) => a.getAttribute("href")),
    };
  });
  const ids = new Set(seen.ids);
  equal(seen.hrefs.filter((to) => !to.startsWith("#") || !ids.has(to.slice(1))), [], `${name}: links that lead nowhere`);
  const list = (key) => found[key] ?? [];
  const echo = (passage) => passage.origin.kind !== "ORIGIN_KIND_FORMULA";
  equal(seen.counts.beads, list("beads").length, `${name}: beads`);
  equal(seen.counts.links, list("links").length, `${name}: links`);
  equal(seen.counts.items, list("items").length, `${name}: items`);
  equal(seen.counts.phrases, list("phrases").length, `${name}: phrases`);
  equal(seen.counts.echoes, list("passages").filter(echo).length, `${name}: echoes`);
  equal(seen.counts.formulas, list("passages").filter((passage) => !echo(passage)).length, `${name}: formula`);
  equal(seen.beads, list("beads").map((bead) =>
    [...(bead.left ?? []).map((p) => `L${p + 1}`), ...(bead.right ?? []).map((p) => `R${p + 1}`)]), `${name}: rows`);
  [found.left, found.right].forEach((outline, side) => outline.paragraphs.forEach((paragraph, index) => {
    equal(seen.paragraphs[`${"LR"[side]}${index + 1}`], words(bytes[side], paragraph.span), `${name}: paragraph ${index}`);
  }));
  list("passages").forEach((passage, index) => {
    if (!echo(passage)) return;
    const expected = [words(bytes[0], passage.left), words(bytes[1], passage.right)];
    equal(seen.passages[`p${index + 1}`], expected, `${name}: passage ${index}`);
  });
  equal(seen.links, list("links").map((link) =>
    [`L${(link.left ?? 0) + 1}`, `R${(link.right ?? 0) + 1}`, link.similarity.toFixed(2)]), `${name}: links in rows`);
  const fates = { KEPT: "保留", ADAPTED: "改写", MERGED: "合并", SPLIT: "拆分", MOVED: "移位", PARTIAL: "部分", SILENT: "落空" };
  equal(seen.fates, list("items").map((item) => fates[item.fate.slice(5)]), `${name}: fates`);
  equal(seen.phrases, list("phrases").slice(0, 500).map((phrase) => tight(phrase.text)), `${name}: phrases in rows`);
  const share = (value) => value === undefined ? "—" : value > 0 && value * 100 < 9.95 ? `${(value * 100).toFixed(1)}%` : `${(value * 100).toFixed(0)}%`;
  const { verbatim, localized, adapted, formula, itemCoverage, order } = found.score;
  equal(seen.score, [verbatim, localized, adapted, formula, itemCoverage, order].map(share), `${name}: score`);

  // A number leads to its other end, in view.
  const number = list("passages").findIndex(echo) + 1;
  await tab.locator(`a.n#l${number}`).click();
  equal(new URL(tab.url()).hash, `#r${number}`, `${name}: the other end`);
  holds(await inView(tab, `#r${number}`), `${name}: the other end is seen`);

  // The comfort that the script adds: a table sorts by a press.
  const sort = tab.locator(".phrases thead button").nth(1);
  await sort.click();
  const lengths = await tab.locator(".phrases tbody tr td:nth-of-type(1)").allTextContents();
  equal(lengths.map(Number), lengths.map(Number).sort((a, b) => b - a), `${name}: sorted by length`);
  // What was left out while reading can be shown.
  const cleaned = tab.locator(".bead .c").first();
  if (await cleaned.count()) {
    holds(!(await cleaned.isVisible()), `${name}: pinyin is hidden`);
    await tab.locator("#show-cleanings").check();
    holds(await cleaned.isVisible(), `${name}: pinyin is shown`);
  }
  await close();
}

async function comparisonWithoutScript(name) {
  const { tab, close } = await open(pages[name], { script: false });
  holds(await tab.locator("article.bead").first().isVisible(), `${name}: rows are seen without script`);
  holds(await tab.locator(".phrases tbody tr").first().isVisible(), `${name}: phrases are seen without script`);
  equal(await tab.locator("thead button").count(), 0, `${name}: nothing offers what only script can do`);
  await close();
}

try {
  await traceSaysWhatTheJsonSays();
  await cellsLeadToEvidence(true);
  await cellsLeadToEvidence(false);
  await comparisonSaysWhatTheJsonSays("regulations", regulations);
  await comparisonSaysWhatTheJsonSays("plenums", plenums);
  await comparisonWithoutScript("plenums");
  for (const name of ["trace", "plenums"]) await reachableByKeyboard(name);
  const everywhere = [[1440, "light"], [1440, "dark"], [390, "light"], [390, "dark"]];
  // The English pages differ in their labels alone.
  const settings = (name) => (name.endsWith("-en") ? everywhere.slice(2, 3) : everywhere);
  for (const name of Object.keys(pages)) {
    for (const [width, scheme] of settings(name)) {
      const started = Date.now();
      await readable(name, width, scheme);
      console.log(`${name} at ${width}, ${scheme}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
    }
  }
  console.log(`browser tests: ${checks} checks passed`);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
