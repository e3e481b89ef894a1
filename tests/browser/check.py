"""Opens reports in headless Chromium and looks at them as a reader would: python check.py CHROMIUM REPORT.html...

Fails on any message on the console, any request but the one for the page, any figure without marks or without an answer to the mouse
or to the keyboard, and any page that does not print. A first argument `--picture FILE` takes a picture of the first page.
"""

import pathlib
import sys
import time

from playwright.sync_api import sync_playwright

# Drawn shapes of the data of a figure: what its series put on the canvas, without axes and legends.
MARKS = """(id) => {
  const chart = anergy.charts.get(id);
  let marks = 0;
  for (const series of chart.getModel().getSeries()) {
    chart.getViewOfSeriesModel(series).group.traverse((shape) => { marks += shape.isGroup ? 0 : 1; });
  }
  return marks;
}"""

# Pixels that are not empty.
PIXELS = """(id) => {
  let count = 0;
  for (const canvas of anergy.charts.get(id).getDom().querySelectorAll("canvas")) {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    for (let k = 3; k < pixels.length; k += 4) count += pixels[k] > 0 ? 1 : 0;
  }
  return count;
}"""

# What the tip of a figure says, if it is to be seen.
TIP = """(id) => {
  const tips = [...anergy.charts.get(id).getDom().children].filter((child) => child.style.position === "absolute" && child.style.visibility !== "hidden");
  return tips.map((tip) => tip.innerText).join(" ").trim();
}"""


def failures_of(page, name):
    """What is wrong with a page that is open."""
    failures = []
    for select in page.query_selector_all("select.choice"):
        for value in select.evaluate("(select) => [...select.options].map((option) => option.value)"):
            select.select_option(value)
            failures += failures_of_figure(page, name, value)
    chosen = set(page.evaluate("[...document.querySelectorAll('select.choice option')].map((option) => option.value)"))
    for figure in page.evaluate("Object.keys(anergy.figures)"):
        if figure not in chosen:
            failures += failures_of_figure(page, name, figure)
    return failures


def failures_of_figure(page, name, figure):
    failures = []
    element = page.query_selector(f"[data-figure='{figure}']")
    element.scroll_into_view_if_needed()
    page.evaluate("anergy.drawAll()")
    if page.evaluate(MARKS, figure) == 0 or page.evaluate(PIXELS, figure) < 500:
        failures.append(f"{name}: {figure} has no marks")
    if not element.get_attribute("aria-label"):
        failures.append(f"{name}: {figure} has no text")
    box = element.bounding_box()
    answered = False
    # Where something is to be seen differs; somewhere on a grid of places there must be.
    for across in (0.5, 0.3, 0.7, 0.15, 0.2, 0.4, 0.6, 0.85, 0.1, 0.05, 0.9, 0.04):
        for down in (0.5, 0.35, 0.65, 0.25, 0.75):
            page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
            page.wait_for_timeout(12)
            if page.evaluate(TIP, figure):
                answered = True
                break
        if answered:
            break
    if not answered and not answers_at_a_mark(page, figure, box):
        failures.append(f"{name}: {figure} does not answer to the mouse")
    return failures


def answers_at_a_mark(page, figure, box):
    """Whether a figure answers where its first points are: those of a map or a scatter are small."""
    places = page.evaluate(
        """(id) => {
          const chart = anergy.charts.get(id);
          const series = chart.getModel().getSeries().find((series) => series.subType === "scatter");
          return series ? [0, 1, 2].map((k) => series.getData().getItemLayout(k)).filter(Boolean).map((p) => [...p].slice(0, 2)) : [];
        }""",
        figure,
    )
    for x, y in places:
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.wait_for_timeout(60)
        if page.evaluate(TIP, figure):
            return True
    return False


def failures_of_keyboard(page, name):
    """The first figure of lines or stacks speaks where its pointer is."""
    figures = page.evaluate("Object.values(anergy.figures).filter((f) => f.kind === 'lines' || f.kind === 'stack').map((f) => f.id)")
    if not figures:
        return []
    page.focus(f"[data-figure='{figures[0]}']")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    said = page.inner_text("#spoken")
    return [] if said else [f"{name}: {figures[0]} says nothing to who has no mouse"]


def failures_of_brush(page, name):
    """A span of time on a stack is added up, and the sums of both sides agree: the balance closes in what is shown."""
    stacks = page.evaluate("Object.values(anergy.figures).filter((f) => f.kind === 'stack').map((f) => f.id)")
    stacks = [figure for figure in stacks if page.is_visible(f"[data-figure='{figure}']")]
    if not stacks:
        return []
    page.evaluate(
        """(id) => {
          const chart = anergy.charts.get(id), axis = anergy.figures[id].axis;
          const areas = [{ brushType: "lineX", xAxisIndex: 0, coordRange: [axis.start + axis.step * axis.n * 0.25, axis.start + axis.step * axis.n * 0.5] }];
          chart.dispatchAction({ type: "brush", areas });
          chart.dispatchAction({ type: "brushEnd", areas });
        }""",
        stacks[0],
    )
    said = page.inner_text(f"#selection-{stacks[0]}")
    if "kWh" not in said:
        return [f"{name}: brushing {stacks[0]} adds nothing up: {said!r}"]
    sums = {"+": 0.0, "−": 0.0}
    for part in said.split(": ", 1)[1].split(", "):
        sums[part[0]] += float(part.removesuffix(" kWh").rsplit(" ", 1)[1].replace("\u202f", ""))
    if abs(sums["+"] - sums["−"]) > 1e-3 * sums["+"]:
        return [f"{name}: what is brushed in {stacks[0]} does not balance: {said}"]
    return []


def check(browser, path, dark, picture):
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark" if dark else "light")
    failures, url, name = [], path.resolve().as_uri(), f"{path.parent.name}/{path.name}"
    page.on("console", lambda message: failures.append(f"{name}: console {message.type}: {message.text}"))
    page.on("pageerror", lambda error: failures.append(f"{name}: {error}"))
    page.on("request", lambda request: None if request.url in (url, "data:,") else failures.append(f"{name}: request {request.url}"))
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_function("window.anergy !== undefined")
    page.evaluate("anergy.drawAll()")
    opened = time.perf_counter() - began
    if picture:
        page.wait_for_timeout(200)
        page.screenshot(path=picture)
    if page.evaluate("document.documentElement.dataset.theme") != ("dark" if dark else "light"):
        failures.append(f"{name}: does not follow the reader's choice of light and dark")
    failures += failures_of(page, name) + failures_of_keyboard(page, name) + failures_of_brush(page, name)
    page.click("#theme")
    if page.evaluate("document.documentElement.dataset.theme") != ("light" if dark else "dark"):
        failures.append(f"{name}: cannot be changed between light and dark")
    paper = page.pdf(format="A4")
    if paper.count(b"/Type /Page") < 2:
        failures.append(f"{name}: does not print")
    figures = page.evaluate("Object.keys(anergy.figures).length")
    print(f"{name}: {path.stat().st_size / 1e6:.2f} MB, {figures} figures, opened in {opened:.2f} s{' (dark)' if dark else ''}")
    page.close()
    return failures


def main():
    arguments = sys.argv[1:]
    picture = None
    if arguments[0] == "--picture":
        picture, arguments = arguments[1], arguments[2:]
    chromium, *pages = arguments
    failures = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for index, path in enumerate(map(pathlib.Path, pages)):
            failures += check(browser, path, index % 2 == 1, picture if index == 0 else None)
        browser.close()
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{len(pages)} passed, 0 failed" if not failures else f"{len(failures)} failures")
    sys.exit(bool(failures))


main()
