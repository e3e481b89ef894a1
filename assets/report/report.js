// Draws the figures of a report. Numbers and names come from the page itself; nothing is fetched.
(async () => {
  "use strict";

  // Colours that are told apart with any colour vision (Okabe and Ito; Tol), for light and dark pages.
  const THEMES = {
    light: {
      ink: "#1d2329", soft: "#59636e", edge: "#d5dae0", ground: "#ffffff", grey: "#8a939c", alarm: "#b00020", pale: "#c9ced4",
      colours: ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#b5a300", "#332288", "#44aa99", "#882255", "#999933"],
    },
    dark: {
      ink: "#e8ebee", soft: "#a5afb9", edge: "#39424b", ground: "#14181c", grey: "#8a939c", alarm: "#ff6b7d", pale: "#59636e",
      colours: ["#4aa8e0", "#e69f00", "#00b88a", "#f0803c", "#9bd3f5", "#dd9fc2", "#f0e442", "#9b8cf0", "#7fd6c9", "#d77fa8", "#c9c95f"],
    },
  };
  // Viridis: even steps of lightness, readable in grey.
  const SCALE = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
  const FONT = 'system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif';
  const DAY = 86400000;
  // Spans of time longer than this are shown in means over days.
  const FINE_DAYS = 45;
  // Width of a figure on paper, pixels.
  const PAPER = 680;

  const escape = (text) => String(text).replace(/[&<>"']/g, (c) => "&#" + c.charCodeAt(0) + ";");
  const number = (value) => {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    // What a solver leaves of nothing is nothing.
    if (Math.abs(value) < 1e-9) return "0";
    if (Math.abs(value) < 1e-3) return value.toExponential(2);
    return value.toLocaleString("en-GB", { maximumSignificantDigits: 5 }).replaceAll(",", "\u202f");
  };
  const stamp = (ms) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

  const data = JSON.parse(document.getElementById("data").textContent);
  const pool = await unpack(document.getElementById("series").textContent.trim());

  // Three bytes a number, bytes of equal weight together: a single-precision number without its last byte.
  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const planes = new Uint8Array(await new Response(stream).arrayBuffer());
    const count = planes.length / 3;
    const bits = new Uint32Array(count);
    for (let k = 0; k < count; k++) bits[k] = (planes[k] << 24) | (planes[count + k] << 16) | (planes[2 * count + k] << 8);
    return new Float32Array(bits.buffer);
  }
  const values = (packed) => Array.from(pool.subarray(packed.at, packed.at + packed.n), (value) => (Number.isNaN(value) ? null : value));
  const moment = (axis, k) => axis.start + axis.step * k;

  const charts = new Map();
  // Figures that are drawn in the colours of now.
  const drawn = new Set();
  let theme = THEMES.light;
  // Lines have five colours, and strokes of three kinds; areas have patterns where they are asked for.
  const LINES = 5;
  const stroke = (slot) => (typeof slot === "number" ? ["solid", "dashed", "dotted"][Math.floor(slot / LINES) % 3] : "solid");
  const lineColour = (slot) => (typeof slot === "number" ? theme.colours[slot % LINES] : theme[slot]);
  let patterns = false;
  const colour = (slot) => (typeof slot === "number" ? theme.colours[slot % theme.colours.length] : theme[slot]);
  const between = (low, high, value) => {
    const at = Math.min(Math.max((value - low) / (high - low || 1), 0), 1) * (SCALE.length - 1);
    const [a, b] = [SCALE[Math.floor(at)], SCALE[Math.ceil(at)]].map((hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16)));
    return "rgb(" + a.map((from, k) => Math.round(from + (b[k] - from) * (at % 1))).join(",") + ")";
  };

  // What all figures share.
  const base = () => ({
    animation: false, useUTC: true, color: theme.colours, backgroundColor: "transparent",
    textStyle: { color: theme.ink, fontFamily: FONT }, aria: { enabled: patterns, label: { enabled: false }, decal: { show: patterns } },
    tooltip: { backgroundColor: theme.ground, borderColor: theme.edge, textStyle: { color: theme.ink, fontSize: 12 }, confine: true },
    toolbox: { right: 8, top: 0, itemSize: 13, iconStyle: { borderColor: theme.soft }, feature: { restore: { title: "reset" }, saveAsImage: { title: "save as picture", backgroundColor: theme.ground } } },
  });
  const axisStyle = () => ({
    axisLine: { lineStyle: { color: theme.soft } }, axisLabel: { color: theme.soft, hideOverlap: true }, nameTextStyle: { color: theme.soft },
    splitLine: { lineStyle: { color: theme.edge } },
  });
  const timeAxis = () => ({ ...axisStyle(), type: "time", axisLabel: { ...axisStyle().axisLabel, formatter: { year: "{yyyy}", month: "{MMM}", day: "{d} {MMM}", hour: "{HH}:{mm}", minute: "{HH}:{mm}" } } });
  // The name of a vertical axis stands beside it.
  const beside = (name) => ({ name, nameLocation: "middle", nameGap: 46, nameRotate: 90 });
  const legend = (names) => ({ type: "scroll", top: 0, left: 8, right: 110, textStyle: { color: theme.ink }, pageTextStyle: { color: theme.soft }, data: names });
  const zoom = (axes) => [
    { type: "inside", xAxisIndex: axes, filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false, moveOnMouseMove: "shift" },
    { type: "slider", xAxisIndex: axes, filterMode: "none", height: 18, bottom: 6, borderColor: theme.edge, textStyle: { color: theme.soft } },
  ];
  const row = (mark, name, text) => `<div style="display:flex;gap:1em;justify-content:space-between"><span>${mark}${escape(name)}</span><b>${text}</b></div>`;

  const build = {
    lines(figure, chart) {
      const isTime = figure.x.time !== undefined;
      const xs = isTime ? null : values(figure.x.values);
      const many = figure.panels.length;
      const [above, gap, below] = [12, 5, isTime ? 14 : 12];
      const height = (100 - above - below - gap * (many - 1)) / many;
      const grid = figure.panels.map((_, k) => ({ left: 70, right: 24, top: above + k * (height + gap) + "%", height: height + "%" }));
      const series = [];
      const shown = new Set();
      figure.panels.forEach((panel, index) => {
        panel.lines.forEach((line) => {
          const own = line.axis || figure.x.time;
          const pairs = values(line.values).map((value, k) => [isTime ? moment(own, k) : xs[k], value]);
          const faint = line.style === "faint";
          const name = faint ? "other iterations" : line.name;
          shown.add(name);
          series.push({
            type: "line", name, data: pairs, xAxisIndex: index, yAxisIndex: index, silent: faint, z: faint ? 1 : 3,
            showSymbol: line.style === "points", symbolSize: 6, sampling: isTime && !faint ? "lttb" : undefined, connectNulls: false,
            lineStyle: { width: faint ? 1 : 1.3, opacity: faint ? 0.45 : 1, color: lineColour(line.colour), type: stroke(line.colour) },
            itemStyle: { color: lineColour(line.colour) }, emphasis: { disabled: faint }, tooltip: { show: !faint },
          });
        });
        const ends = isTime ? [figure.x.time.start, moment(figure.x.time, figure.x.time.n - 1)] : [Math.min(...xs), Math.max(...xs)];
        panel.limits.forEach(([label, at]) => {
          const name = `${label} ${number(at)}`;
          shown.add(name);
          series.push({
            type: "line", name, data: ends.map((end) => [end, at]), xAxisIndex: index, yAxisIndex: index, silent: true, z: 2, showSymbol: false,
            lineStyle: { type: "dashed", width: 1, color: theme.alarm }, itemStyle: { color: theme.alarm }, tooltip: { show: false },
          });
        });
      });
      const xAxis = figure.panels.map((_, k) => ({
        ...(isTime ? timeAxis() : { ...axisStyle(), type: "value" }), gridIndex: k, name: isTime || k < many - 1 ? "" : figure.x.label, nameLocation: "middle", nameGap: 26,
        min: isTime ? undefined : "dataMin", max: isTime ? undefined : "dataMax", minInterval: figure.x.label === "iteration" ? 1 : undefined,
        axisLabel: { ...(isTime ? timeAxis() : axisStyle()).axisLabel, show: k === many - 1 },
      }));
      // What hardly differs is drawn flat: rounding is no course.
      const range = (panel) => {
        const [low, high] = panel.lines.flatMap((line) => values(line.values)).reduce(([a, b], value) => (value === null ? [a, b] : [Math.min(a, value), Math.max(b, value)]), [Infinity, -Infinity]);
        return high - low < 1e-6 * Math.max(Math.abs(low), Math.abs(high), 1) && !panel.limits.length && !panel.log ? { min: Math.floor(low - 0.5), max: Math.ceil(high + 0.5) } : {};
      };
      const yAxis = figure.panels.map((panel, k) => ({ ...axisStyle(), gridIndex: k, ...beside(panel.label), type: panel.log ? "log" : "value", scale: true, ...range(panel) }));
      const tooltip = {
        ...base().tooltip, trigger: "axis", axisPointer: { type: "line" },
        formatter: (items) => {
          const seen = items.filter((item) => item.value[1] !== null && item.value[1] !== undefined && item.seriesName !== "other iterations");
          if (!seen.length) return "";
          const head = isTime ? stamp(seen[0].value[0]) : `${figure.x.label} ${number(seen[0].value[0])}`;
          return spoken(figure, `<b>${escape(head)}</b>` + seen.map((item) => row(item.marker, item.seriesName, number(item.value[1]))).join(""));
        },
      };
      const all = figure.panels.map((_, k) => k);
      return { ...base(), tooltip, axisPointer: { link: [{ xAxisIndex: "all" }] }, legend: legend([...shown]), grid, xAxis, yAxis, series, dataZoom: isTime ? zoom(all) : zoom(all).slice(0, 1) };
    },

    stack(figure, chart) {
      const axis = figure.axis;
      const fine = figure.layers.map((layer) => values(layer.values));
      const perDay = Math.round(DAY / axis.step);
      const days = axis.step * axis.n / DAY;
      const coarse = days > FINE_DAYS && perDay > 1;
      const daily = coarse ? fine.map((all) => means(all, perDay)) : fine;
      const dailyStep = axis.step * perDay;
      const pairs = (all, layer, step) => {
        const sign = layer.source ? 1 : -1;
        const list = all.map((value, k) => [axis.start + step * k, value === null ? null : sign * value]);
        // The last mean lasts until the end of its step.
        if (list.length) list.push([axis.start + step * list.length, list[list.length - 1][1]]);
        return list;
      };
      const seriesOf = (isFine) => figure.layers.map((layer, k) => ({
        id: "layer" + k, type: "line", name: layer.name, stack: layer.source ? "up" : "down", step: "end", showSymbol: false,
        data: isFine || !coarse ? pairs(fine[k], layer, axis.step) : pairs(daily[k], layer, dailyStep),
        areaStyle: { color: colour(layer.colour), opacity: layer.source ? 0.9 : 0.6 }, lineStyle: { width: 0 }, itemStyle: { color: colour(layer.colour) },
        emphasis: { focus: "series" },
      }));
      let isFine = !coarse;
      const word = () => (isFine ? "kW" : dailyStep === DAY ? "kW, means over days" : `kW, means over ${number(dailyStep / 3600000)} h`);
      if (coarse) {
        chart.on("datazoom", () => {
          const { startValue, endValue } = chart.getOption().dataZoom[0];
          const wanted = endValue - startValue < FINE_DAYS * DAY;
          if (wanted !== isFine) {
            isFine = wanted;
            chart.setOption({ series: seriesOf(isFine), yAxis: { name: word() } });
          }
        });
      }
      chart.on("restore", () => { isFine = !coarse; });
      chart.on("brushEnd", (event) => selection(figure, fine, event.areas[0]));
      const tooltip = {
        ...base().tooltip, trigger: "axis",
        formatter: (items) => {
          const seen = items.filter((item) => Math.abs(item.value[1]) > 5e-4);
          if (!items.length) return "";
          const part = (title, list) => (list.length ? `<div><i>${title}</i></div>` + list.map((item) => row(item.marker, item.seriesName, number(Math.abs(item.value[1])) + " kW")).join("") : "");
          return spoken(figure, `<b>${stamp(items[0].value[0])}</b>` + part("from", seen.filter((item) => item.value[1] > 0)) + part("to", seen.filter((item) => item.value[1] < 0)));
        },
      };
      const toolbox = base().toolbox;
      toolbox.feature = { brush: { type: ["lineX", "clear"], title: { lineX: "add up a span of time", clear: "clear" } }, ...toolbox.feature };
      return {
        ...base(), tooltip, toolbox, legend: legend([...new Set(figure.layers.map((layer) => layer.name))]), grid: { left: 70, right: 24, top: "14%", bottom: 64 },
        brush: { xAxisIndex: 0, brushStyle: { color: "rgba(120,140,160,.25)", borderColor: theme.soft }, outOfBrush: { colorAlpha: 1 } },
        xAxis: timeAxis(), yAxis: { ...axisStyle(), ...beside(word()), type: "value" }, dataZoom: zoom([0]), series: seriesOf(isFine),
      };
    },

    carpet(figure) {
      const axis = figure.axis;
      const perDay = Math.round(DAY / axis.step);
      const all = values(figure.values);
      const cells = all.map((value, k) => [Math.floor(k / perDay), k % perDay, value]).filter((cell) => cell[2] !== null);
      const days = Math.ceil(all.length / perDay);
      const known = cells.map((cell) => cell[2]);
      const [low, high] = known.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
      const clock = (k) => stamp(k * axis.step).slice(11);
      return {
        ...base(), grid: { left: 60, right: 90, top: 28, bottom: 34 },
        xAxis: { ...axisStyle(), type: "category", data: Array.from({ length: days }, (_, k) => stamp(axis.start + k * DAY).slice(0, 10)), splitLine: { show: false } },
        yAxis: { ...axisStyle(), type: "category", data: Array.from({ length: perDay }, (_, k) => clock(k)), splitLine: { show: false }, axisLabel: { ...axisStyle().axisLabel, interval: Math.max(Math.round(perDay / 6) - 1, 0) } },
        visualMap: { dimension: 2, min: low, max: high === low ? low + 1 : high, calculable: true, right: 4, top: "middle", itemHeight: 140, inRange: { color: SCALE }, text: [figure.label, ""], textStyle: { color: theme.soft }, formatter: (value) => number(Number(value.toPrecision(3))) },
        tooltip: { ...base().tooltip, formatter: (item) => spoken(figure, `<b>${stamp(axis.start + item.value[0] * DAY + item.value[1] * axis.step)}</b>` + row("", figure.label, number(item.value[2]))) },
        series: [{ type: "heatmap", name: figure.title, data: cells, progressive: 0, emphasis: { itemStyle: { borderColor: theme.ink, borderWidth: 1 } } }],
      };
    },

    sankey(figure) {
      const name = (k) => figure.nodes[k].name;
      return {
        ...base(),
        tooltip: {
          ...base().tooltip,
          formatter: (item) => spoken(figure, item.dataType === "edge" ? row("", `${item.data.source} → ${item.data.target}`, number(item.data.value) + " kWh") : row("", item.name, number(item.value) + " kWh")),
        },
        series: [{
          type: "sankey", left: 8, right: 200, top: 28, bottom: 8, nodeAlign: "justify", nodeGap: 9, draggable: false,
          data: figure.nodes.map((node) => ({ name: node.name, itemStyle: { color: colour(node.colour) } })),
          links: figure.flows.map(([from, to, kwh]) => ({ source: name(from), target: name(to), value: kwh })),
          label: { color: theme.ink, fontSize: 11 }, lineStyle: { color: "gradient", opacity: 0.4 }, emphasis: { focus: "adjacency" },
        }],
      };
    },

    map(figure, chart, element) {
      const temperatures = figure.nodes.map((node) => values(node.values));
      const known = temperatures.flat().filter((value) => value !== null);
      const [low, high] = known.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
      const at = (moment) => figure.nodes.map((node, k) => (moment < 0 ? node.mean : temperatures[k][moment]));
      const seriesAt = (moment) => {
        const now = at(moment);
        return [
          {
            id: "pipes", type: "lines", coordinateSystem: "cartesian2d", z: 1,
            data: figure.pipes.map(([name, from, to]) => ({
              name, value: (now[from] + now[to]) / 2, coords: [from, to].map((k) => [figure.nodes[k].x, figure.nodes[k].y]),
              lineStyle: { color: between(low, high, (now[from] + now[to]) / 2), width: 5, opacity: 1 },
            })),
          },
          {
            id: "nodes", type: "scatter", z: 3, symbolSize: 13,
            data: figure.nodes.map((node, k) => ({
              name: node.name, value: [node.x, node.y, now[k]], itemStyle: { color: between(low, high, now[k]), borderColor: theme.ink, borderWidth: 1 },
              label: { show: Boolean(node.label), formatter: () => node.label, position: "top", distance: 8, color: theme.ink },
            })),
          },
        ];
      };
      const limits = (of) => { const all = figure.nodes.map(of); return [Math.min(...all), Math.max(...all)]; };
      const [[x0, x1], [y0, y1]] = [limits((node) => node.x), limits((node) => node.y)];
      // One metre is as long to the east as to the north.
      const [width, height] = [Math.max(chart.getWidth() - 150, 100), Math.max(chart.getHeight() - 90, 100)];
      const scale = 1.15 * Math.max((x1 - x0) / width, (y1 - y0) / height, 1e-9);
      const span = (a, b, pixels) => [(a + b) / 2 - (scale * pixels) / 2, (a + b) / 2 + (scale * pixels) / 2];
      const [xs, ys] = [span(x0, x1, width), span(y0, y1, height)];
      chart.on("restore", () => figure.reset?.());
      const round = (value) => Math.round(value);
      const metres = (name, [min, max]) => ({ ...axisStyle(), type: "value", name, min, max, splitLine: { show: false }, axisLabel: { ...axisStyle().axisLabel, showMinLabel: false, showMaxLabel: false, formatter: round } });
      const controls = element.parentElement.querySelector(".controls");
      if (controls && !controls.firstChild) {
        const label = document.createElement("output");
        const slider = Object.assign(document.createElement("input"), { type: "range", min: -1, max: figure.axis.n - 1, value: -1 });
        slider.setAttribute("aria-label", "Moment");
        const say = () => {
          const k = (figure.moment = Number(slider.value));
          label.textContent = k < 0 ? "mean of the whole time" : stamp(moment(figure.axis, k));
          charts.get(figure.id)?.setOption({ series: seriesAt(k) });
        };
        slider.addEventListener("input", say);
        figure.reset = () => { slider.value = -1; say(); };
        controls.append(slider, label);
        label.textContent = "mean of the whole time";
      }
      return {
        ...base(), grid: { left: 56, right: 94, top: 40, bottom: 50 },
        xAxis: { ...metres("m", xs), nameLocation: "end" }, yAxis: metres("m", ys),
        visualMap: { type: "continuous", min: low, max: high === low ? low + 1 : high, right: 4, top: "middle", itemHeight: 140, inRange: { color: SCALE }, text: [`${number(high)} °C`, `${number(low)} °C`], textStyle: { color: theme.soft }, dimension: 2, seriesIndex: 1, calculable: false, precision: 1, formatter: (value) => number(Number(value.toPrecision(3))), show: true, hoverLink: false },
        tooltip: { ...base().tooltip, formatter: (item) => spoken(figure, row("", item.name, number(Array.isArray(item.value) ? item.value[2] : item.value) + " °C")) },
        series: seriesAt(figure.moment ?? -1),
      };
    },

    bars(figure) {
      return {
        ...base(), legend: legend(figure.series.map(([name]) => name)),
        grid: { left: Math.min(60 + 6.2 * Math.max(...figure.categories.map((name) => name.length)), 250), right: 40, top: 34, bottom: 46 },
        xAxis: { ...axisStyle(), type: "value", name: figure.label, nameLocation: "middle", nameGap: 26 },
        yAxis: { ...axisStyle(), type: "category", inverse: true, data: figure.categories, axisLabel: { color: theme.ink, width: 220, overflow: "truncate" } },
        tooltip: { ...base().tooltip, trigger: "axis", axisPointer: { type: "shadow" }, formatter: (items) => spoken(figure, `<b>${escape(items[0].name)}</b>` + items.map((item) => row(item.marker, item.seriesName, number(item.value))).join("")) },
        series: figure.series.map(([name, slot, all]) => ({ type: "bar", name, stack: figure.stacked ? "all" : undefined, data: all, barMaxWidth: 26, itemStyle: { color: colour(slot) } })),
      };
    },

    explorer(figure, chart, element) {
      const columns = figure.columns;
      const chosen = figure.chosen || (figure.chosen = [...figure.first]);
      const controls = element.parentElement.querySelector(".controls");
      if (controls && !controls.firstChild) {
        ["Horizontally", "Vertically", "Colour"].forEach((title, k) => {
          const select = document.createElement("select");
          columns.forEach(([name], index) => select.append(new Option(name, index, index === chosen[k], index === chosen[k])));
          select.addEventListener("change", () => { chosen[k] = Number(select.value); draw(figure, element); });
          const label = document.createElement("label");
          label.append(title + " ", select);
          controls.append(label);
        });
      }
      const [x, y, z] = chosen.map((k) => columns[k]);
      const known = z[1].filter((value) => value !== null);
      const [low, high] = known.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
      const tip = (k) => spoken(figure, `<b>${escape(figure.cases[k])}</b>` + row("", figure.verdicts[k], "") + [x, y, z].map(([name, all]) => row("", name, number(all[k]))).join(""));
      const visualMap = { dimension: 2, min: known.length ? low : 0, max: known.length && high > low ? high : low + 1, calculable: true, right: 4, top: "middle", itemHeight: 140, inRange: { color: SCALE }, text: [z[0].length > 16 ? "" : z[0], ""], textStyle: { color: theme.soft }, formatter: (value) => number(Number(value.toPrecision(3))) };
      const shared = { ...base(), grid: { left: 90, right: 110, top: 34, bottom: 46 }, visualMap };
      const levels = (all) => [...new Set(all.filter((value) => value !== null))].sort((a, b) => a - b);
      if (figure.grid) {
        const [xs, ys] = [levels(x[1]), levels(y[1])];
        // Several cases may share a cell: it is their mean, and names the first of them.
        const cells = new Map();
        figure.cases.forEach((_, k) => {
          if (x[1][k] === null || y[1][k] === null || z[1][k] === null) return;
          const place = `${xs.indexOf(x[1][k])} ${ys.indexOf(y[1][k])}`;
          const cell = cells.get(place) || { sum: 0, count: 0, first: k };
          cells.set(place, { sum: cell.sum + z[1][k], count: cell.count + 1, first: cell.first });
        });
        return {
          ...shared,
          tooltip: {
            ...base().tooltip,
            formatter: (item) => {
              const count = item.value[4];
              if (count === 1) return tip(item.value[3]);
              return spoken(figure, `<b>mean of ${count} cases</b>` + row("", x[0], String(xs[item.value[0]])) + row("", y[0], String(ys[item.value[1]])) + row("", z[0], number(item.value[2])));
            },
          },
          xAxis: { ...axisStyle(), type: "category", name: x[0], nameLocation: "middle", nameGap: 28, data: xs.map(String) },
          yAxis: { ...axisStyle(), type: "category", name: y[0], data: ys.map(String) },
          series: [{ type: "heatmap", progressive: 0, data: [...cells].map(([place, cell]) => [...place.split(" ").map(Number), cell.sum / cell.count, cell.first, cell.count]) }],
        };
      }
      return {
        ...shared, tooltip: { ...base().tooltip, formatter: (item) => tip(item.value[3]) },
        xAxis: { ...axisStyle(), type: "value", scale: true, name: x[0], nameLocation: "middle", nameGap: 28 },
        yAxis: { ...axisStyle(), type: "value", scale: true, name: y[0] },
        series: [{ type: "scatter", symbolSize: 9, data: figure.cases.map((_, k) => [x[1][k], y[1][k], z[1][k], k]).filter((point) => point[0] !== null && point[1] !== null) }],
      };
    },
  };

  function means(all, block) {
    const list = [];
    for (let k = 0; k < all.length; k += block) {
      const part = all.slice(k, k + block).filter((value) => value !== null);
      list.push(part.length ? part.reduce((sum, value) => sum + value, 0) / part.length : null);
    }
    return list;
  }

  // Energy of a span of time that was brushed.
  function selection(figure, fine, area) {
    const output = document.getElementById("selection-" + figure.id);
    if (!area) { output.textContent = ""; return; }
    const axis = figure.axis;
    const [from, to] = area.coordRange.map((ms) => Math.min(Math.max(Math.round((ms - axis.start) / axis.step), 0), axis.n));
    const hours = axis.step / 3600000;
    const sum = (k) => fine[k].slice(from, to).reduce((all, value) => all + value, 0) * hours;
    const words = figure.layers.map((layer, k) => [layer, sum(k)]).filter(([, kwh]) => kwh > 5e-4).map(([layer, kwh]) => `${layer.source ? "+" : "−"} ${layer.name} ${number(kwh)} kWh`);
    output.textContent = `${stamp(moment(axis, from))} to ${stamp(moment(axis, to))}: ${words.join(", ")}`;
  }

  // Who moves with the keyboard hears what the eye sees.
  let byKeyboard = false;
  function spoken(figure, html) {
    if (byKeyboard) {
      const text = new DOMParser().parseFromString(html.replaceAll("</div>", ", </div>").replaceAll("</span><b>", ": </span><b>").replaceAll("</b><div>", "</b>. <div>"), "text/html").body.textContent;
      document.getElementById("spoken").textContent = text;
    }
    return html;
  }

  function draw(figure, element) {
    // Stacks are painted finely: what is close together is drawn slanted otherwise. An instance stays as long as the page: one that is thrown away while it paints fails.
    const chart = charts.get(figure.id) || echarts.init(element, null, { renderer: "canvas", devicePixelRatio: figure.kind === "stack" ? Math.max(window.devicePixelRatio, 2) : undefined });
    charts.set(figure.id, chart);
    drawn.add(figure.id);
    chart.resize({ width: "auto", height: "auto" });
    ["datazoom", "brushEnd", "restore"].forEach((event) => chart.off(event));
    chart.clear();
    chart.setOption(build[figure.kind](figure, chart, element));
    // The drawing is of one piece for who cannot see it: its label says what is to be seen.
    element.firstElementChild?.setAttribute("aria-hidden", "true");
  }

  // Arrows move a pointer over the figure, Escape puts it away.
  function keys(event, figure, element) {
    const chart = charts.get(figure.id);
    if (!chart) return;
    const at = element.pointer || (element.pointer = [chart.getWidth() / 2, chart.getHeight() * (figure.panels?.length > 1 ? 0.3 : 0.5)]);
    const step = event.shiftKey ? 40 : 6;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key === "Escape") { chart.dispatchAction({ type: "hideTip" }); return; }
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    at[0] = Math.min(Math.max(at[0] + move[0], 4), chart.getWidth() - 4);
    at[1] = Math.min(Math.max(at[1] + move[1], 4), chart.getHeight() - 4);
    byKeyboard = true;
    chart.dispatchAction({ type: "showTip", x: at[0], y: at[1] });
    byKeyboard = false;
  }

  const elements = [...document.querySelectorAll(".chart")];
  const figureOf = (element) => data.figures[element.dataset.figure];
  const isSeen = (element) => element.offsetParent !== null;
  const drawAll = () => elements.filter(isSeen).forEach((element) => { if (!drawn.has(element.dataset.figure)) draw(figureOf(element), element); });
  const redraw = () => {
    const before = [...drawn];
    drawn.clear();
    elements.filter((element) => before.includes(element.dataset.figure) && isSeen(element)).forEach((element) => draw(figureOf(element), element));
  };

  function setTheme(name) {
    document.documentElement.dataset.theme = name;
    theme = THEMES[name];
    redraw();
  }
  const preferred = window.matchMedia("(prefers-color-scheme: dark)");
  let own = null;
  setTheme(preferred.matches ? "dark" : "light");
  preferred.addEventListener("change", () => { if (!own) setTheme(preferred.matches ? "dark" : "light"); });
  document.getElementById("theme").addEventListener("click", () => {
    own = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    setTheme(own);
  });
  document.getElementById("patterns").addEventListener("click", (event) => {
    patterns = !patterns;
    event.target.setAttribute("aria-pressed", patterns);
    redraw();
  });
  document.getElementById("print").addEventListener("click", () => window.print());

  // Paper is white, and does not wait: every figure becomes a picture of its own, painted at once.
  let before = null;
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((details) => { details.open = true; });
    before = document.documentElement.dataset.theme;
    if (before !== "light") setTheme("light");
    drawAll();
    document.body.classList.add("paper");
    elements.filter(isSeen).forEach((element) => {
      const chart = charts.get(element.dataset.figure);
      const sliders = chart.getOption().dataZoom?.length > 0;
      if (sliders) chart.setOption({ toolbox: { show: false }, dataZoom: (chart.getOption().dataZoom || []).map((zoom) => ({ show: zoom.type !== "slider" })) });
      chart.resize({ width: PAPER });
      const painted = chart.renderToCanvas({ pixelRatio: 2, backgroundColor: "#ffffff" });
      // Printers repeat the strokes of a canvas, and lose their transparency on the way: pixels have none to lose.
      const { width, height } = painted;
      const picture = Object.assign(document.createElement("canvas"), { width, height, className: "paper" });
      picture.getContext("2d").putImageData(painted.getContext("2d").getImageData(0, 0, width, height), 0, 0);
      element.after(picture);
    });
  });
  window.addEventListener("afterprint", () => {
    document.querySelectorAll("canvas.paper").forEach((picture) => picture.remove());
    closed.forEach((details) => { details.open = false; });
    document.body.classList.remove("paper");
    charts.forEach((chart) => chart.resize({ width: "auto", height: "auto" }));
    setTheme(before);
  });

  for (const select of document.querySelectorAll("select.choice")) {
    select.addEventListener("change", () => {
      const figures = [...select.closest(".choices").querySelectorAll("figure")];
      figures.forEach((figure, k) => { figure.hidden = k !== select.selectedIndex; });
      drawAll();
    });
  }
  // Figures are drawn as they come into sight.
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting && !drawn.has(target.dataset.figure)) draw(figureOf(target), target);
    }
  }, { rootMargin: "500px" });
  for (const element of elements) {
    observer.observe(element);
    element.addEventListener("keydown", (event) => keys(event, figureOf(element), element));
  }
  // The others follow when there is nothing else to do: what prints without asking finds them.
  (window.requestIdleCallback || setTimeout)(drawAll);
  let waiting = null;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => charts.forEach((chart) => chart.resize()), 120);
  });
  window.anergy = { charts, drawAll, figures: data.figures };
})();
