// The portal in a real browser: signed in and asked by keyboard, in light and dark, on wide and narrow screens.
// Prints what was seen as one line of JSON; `SHOTS` names a folder for pictures, if somebody wants to look.
import { createRequire } from "node:module";

const env = process.env;
const require = createRequire(`${env.LAZARETTO_CLIENTS}/package.json`);
const { chromium } = require("playwright-core");

// For what a browser does at once, and on a busy machine in a while.
const enough = 120_000;
const browser = await chromium.launch({ executablePath: env.LAZARETTO_BROWSER, args: ["--no-sandbox"], timeout: enough });

// Texts whose colour does not stand out enough from what is behind them: WCAG 2.2, 1.4.3 asks for 4.5 to 1.
function faintTexts() {
  const rgb = (text) => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent.trim());
    if (!own.join("") || element.classList.contains("skip")) continue;
    const [one, other] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.push(`${own.join(" ").slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return faint;
}

// Fields that have no label, pictures of nothing, links and buttons without words.
function nameless() {
  const fields = [...document.querySelectorAll("input:not([type=hidden]), textarea, select")];
  const silent = fields.filter((field) => !field.labels?.length && !field.getAttribute("aria-label"));
  const words = [...document.querySelectorAll("a, button")].filter((one) => !one.textContent.trim());
  return [...silent, ...words].map((one) => one.outerHTML.slice(0, 80));
}

const seen = { faint: [], wide: [], nameless: [], errors: [], titles: {}, people: {} };

async function open(context) {
  context.setDefaultTimeout(enough);
  return context.newPage();
}

// Whatever begins a page waits for its address first: until then, the page before it is still shown.
async function look(page, name) {
  await page.waitForLoadState("load");
  const note = (list, found) => found.length && list.push(`${name}: ${[].concat(found).join("; ")}`);
  note(seen.faint, await page.evaluate(faintTexts));
  note(seen.nameless, await page.evaluate(nameless));
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (overflow > 0) seen.wide.push(`${name}: ${overflow} pixels too wide`);
  seen.titles[name] = await page.title();
  if (env.SHOTS) await page.screenshot({ path: `${env.SHOTS}/${name.replaceAll(/\W+/g, "-")}.png`, fullPage: true });
}

async function visit(scheme, size) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: size, locale: "en-GB", ignoreHTTPSErrors: true });
  const page = await open(context);
  const mark = (name) => `${name} ${scheme} ${size.width}`;
  page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
  page.on("pageerror", (error) => seen.errors.push(String(error)));

  // Somebody who is not signed in comes back to where they wanted to be; nothing but the keyboard is used.
  await page.goto(`${env.LAZARETTO_URL}/portal/query`);
  await look(page, mark("sign-in"));
  await page.keyboard.type("admin");
  await page.keyboard.press("Tab");
  await page.keyboard.type("a wrong one");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=alert]");
  await look(page, mark("sign-in refused"));
  await page.keyboard.type("admin");
  await page.keyboard.press("Tab");
  await page.keyboard.type(env.LAZARETTO_PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/portal/query");
  await look(page, mark("query"));
  await page.keyboard.type("Findings | summarize images = dcount(digest) by vulnerability");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/portal/query?**");
  await page.waitForSelector("table");
  await look(page, mark("query answered"));
  seen.answer = await page.textContent("tbody");
  await page.goto(`${env.LAZARETTO_URL}/portal/query?q=Findings%20%7C%20where%20severty%20%3D%3D%201`);
  await page.waitForSelector("[role=alert]");
  await look(page, mark("query wrong"));

  await page.click("nav >> text=Images");
  await page.waitForURL("**/portal/");
  await page.waitForSelector("table");
  await look(page, mark("images"));
  seen.current = await page.textContent("[aria-current=page]");
  await page.click(".tile:has-text('Unhealthy')");
  await page.waitForURL("**/portal/?state=Unhealthy");
  await look(page, mark("images filtered"));
  seen.rows = await page.locator("tbody tr").count();
  await page.click("tbody a");
  await page.waitForURL("**/portal/images/**");
  await page.waitForSelector("text=Findings");
  await look(page, mark("image"));
  seen.image = await page.textContent("main");
  await page.goto(`${env.LAZARETTO_URL}/portal/images/none:1`);
  await look(page, mark("missing"));

  await page.goto(`${env.LAZARETTO_URL}/portal/usage`);
  await look(page, mark("usage"));
  const download = page.waitForEvent("download");
  await page.click("text=Download as CSV");
  seen.file = (await download).suggestedFilename();

  // The skip link is the first thing that the keyboard meets.
  await page.goto(`${env.LAZARETTO_URL}/portal/`);
  await page.keyboard.press("Tab");
  seen.first = await page.evaluate(() => document.activeElement.textContent);
  await page.click("text=Sign out");
  await page.waitForURL("**/portal/sign-in");
  await page.goto(`${env.LAZARETTO_URL}/portal/`);
  seen.after = new URL(page.url()).pathname;
  await context.close();
}

// Every page as each of these people: what they see, and whether that can be read.
async function walk(who) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ignoreHTTPSErrors: true });
  const page = await open(context);
  await page.goto(`${env.LAZARETTO_URL}/portal/sign-in`);
  await page.fill("input[name=name]", who);
  await page.fill("input[name=password]", env.LAZARETTO_PASSWORD);
  await page.click("main button");
  await page.waitForURL("**/portal/");
  seen.people[who] = {};
  for (const path of [
    "/portal/", "/portal/?state=Healthy", "/portal/query", "/portal/query?q=Findings", "/portal/usage",
    "/portal/images/team/ill:1", "/portal/images/none:1", "/portal/nothing",
  ]) {
    const answer = await page.goto(env.LAZARETTO_URL + path);
    seen.people[who][path] = { status: answer.status(), text: await page.textContent("main") };
    await look(page, `${path} of ${who}`);
  }
  await context.close();
}

try {
  for (const who of ["admin", "sec@example.com", "pull@example.com", "no@example.com"]) await walk(who);
  await visit("light", { width: 1280, height: 800 });
  await visit("dark", { width: 1280, height: 800 });
  await visit("light", { width: 360, height: 640 });
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
