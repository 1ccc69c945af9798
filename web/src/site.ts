// What each page loads: the theme, the search field, and whatever else its elements ask for.
import { chooseTheme } from "./theme.js";

function need(selector: string, load: () => Promise<void>): void {
    if (document.querySelector(selector)) {
        void load();
    }
}

chooseTheme();
need("form[data-suggest]", async () => (await import("./suggest.js")).suggest());
need("#sparql-facts", async () => (await import("./sparql/page.js")).editor());
need("figure[data-chart]", async () => (await import("./figures.js")).drawAll());
need("input[data-filter]", async () => (await import("./filter.js")).filterAsTyped());
need("a[data-why]", async () => (await import("./why.js")).explain());
