// Opens a comparison's page in a headless browser and holds it against the JSON of the same comparison.
//
//   node page_test.cjs PAGE.html COMPARISON.json [SCREENSHOT-FOLDER]
//
// At 1440 and 390 pixels, light and dark: no console error, nothing asked of the network, no axe-core violation, no
// sideways scrolling, the counts those of the JSON, and a number in the text leading to its other end. Once without
// script: all words are still there. Needs playwright-core, axe-core and CHROMIUM (by default /usr/bin/chromium).
"use strict";
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const [pageFile, jsonFile, folder] = process.argv.slice(2);
const url = pathToFileURL(path.resolve(pageFile)).href;
const found = JSON.parse(fs.readFileSync(jsonFile, "utf8"));
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const all = (list) => list ?? [];
const isFormula = (passage) => passage.origin?.kind === "ORIGIN_KIND_FORMULA";
const counts = {
  beads: all(found.beads).length,
  links: all(found.links).length,
  echoes: all(found.passages).filter((passage) => !isFormula(passage)).length,
  formulas: all(found.passages).filter(isFormula).length,
  items: all(found.items).length,
  phrases: all(found.phrases).length,
  citations: all(found.left?.citations).length + all(found.right?.citations).length,
  cleanings: all(found.left?.cleanings).length + all(found.right?.cleanings).length,
};

async function visit(browser, width, scheme) {
  const name = `${width}-${scheme}`;
  // The policy of the page forbids what is not its own, axe-core too; it is let in from outside the page's reach.
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, bypassCSP: false });
  const page = await context.newPage();
  const complaints = [];
  const asked = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => request.url().split("#")[0] !== url && asked.push(request.url()));
  await page.goto(url);
  for (const [count, expected] of Object.entries(counts)) {
    const shown = await page.locator(`[data-count="${count}"]`).textContent();
    assert.strictEqual(Number(shown), expected, `${name}: ${count}`);
  }
  assert.strictEqual(await page.locator("article.bead").count(), counts.beads, `${name}: rows`);
  assert.strictEqual(await page.locator("article.card").count(), counts.echoes, `${name}: cards`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${name}: the page is ${wide} pixels too wide`);
  if (folder) {
    await page.screenshot({ path: path.join(folder, `comparison-${name}.png`) });
    await page.locator("#texts").scrollIntoViewIfNeeded();
    await page.evaluate(() => document.querySelector("#texts").scrollIntoView());
    await page.screenshot({ path: path.join(folder, `comparison-${name}-texts.png`) });
    const first = page.locator(".bead .n").first();
    if (await first.count()) await first.evaluate((element) => element.scrollIntoView({ block: "start" }));
    await page.screenshot({ path: path.join(folder, `comparison-${name}-echo.png`) });
    await page.evaluate(() => document.querySelector("#items").scrollIntoView());
    await page.screenshot({ path: path.join(folder, `comparison-${name}-items.png`) });
  }
  if (counts.echoes > 0) {
    const number = page.locator('a.n[href^="#r"]').first();
    const target = (await number.getAttribute("href")).slice(1);
    await number.click();
    assert.strictEqual(await page.evaluate(() => location.hash.slice(1)), target, `${name}: the number leads over`);
    const box = await page.locator(`#${target}`).boundingBox();
    assert.ok(box && box.y >= 0 && box.y < 900, `${name}: the other end is in view`);
  }
  if (counts.phrases > 1) {
    const button = page.locator("table.phrases th button").nth(1);
    await button.click();
    const lengths = await page.locator("table.phrases tbody tr td:nth-child(2)").allTextContents();
    const sorted = [...lengths].map(Number).sort((one, other) => other - one);
    assert.deepStrictEqual(lengths.map(Number), sorted, `${name}: sorted by characters`);
  }
  assert.deepStrictEqual(complaints, [], `${name}: console`);
  assert.deepStrictEqual(asked, [], `${name}: network`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map(({ id, nodes }) => `${id} ×${nodes.length}: ${nodes[0].html.slice(0, 160)} ${nodes[0].failureSummary}`);
  assert.deepStrictEqual(told, [], `${name}: axe-core`);
  await context.close();
}

async function withoutScript(browser) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(url);
  const words = await page.locator("main").textContent();
  for (const phrase of all(found.phrases)) {
    if (phrase.text) assert.ok(words.includes(phrase.text), "a phrase is missing without script");
  }
  await context.close();
}

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    for (const width of [1440, 390]) for (const scheme of ["light", "dark"]) await visit(browser, width, scheme);
    await withoutScript(browser);
    console.log(`page agrees with its JSON: ${JSON.stringify(counts)}`);
  } finally {
    await browser.close();
  }
})().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
