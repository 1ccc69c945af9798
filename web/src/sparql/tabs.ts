// Tabs, as https://www.w3.org/WAI/ARIA/apg/patterns/tabs/ has them.

import { button, element } from "./elements.js";

export interface Tab {
    name: string;
    label: string;
    /** Fill the panel, when it is shown first. */
    show: (panel: HTMLElement) => void;
}

/** Panels of which one is shown, `first` to begin with; `chosen` is told of each choice. */
export function tabs(
    label: string,
    all: Tab[],
    first: string,
    chosen: (name: string) => void,
): HTMLElement {
    const list = element("div", { role: "tablist", "aria-label": label, class: "tabs" });
    const made = all.map((tab) => {
        const panel = element("div", {
            role: "tabpanel",
            id: `panel-${tab.name}`,
            "aria-labelledby": `tab-${tab.name}`,
            class: "panel",
        });
        const press = button(tab.label, () => choose(tab.name), {
            role: "tab",
            id: `tab-${tab.name}`,
            "aria-controls": panel.id,
        });
        return { tab, panel, press, isFilled: false };
    });
    const choose = (name: string) => {
        for (const one of made) {
            const isChosen = one.tab.name === name;
            one.press.ariaSelected = String(isChosen);
            one.press.tabIndex = isChosen ? 0 : -1;
            one.panel.hidden = !isChosen;
            if (isChosen && !one.isFilled) {
                one.isFilled = true;
                one.tab.show(one.panel);
            }
        }
        chosen(name);
    };
    list.addEventListener("keydown", ({ key }) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
        const at = made.findIndex(({ press }) => press === document.activeElement);
        const next = step && made.at((at + step) % made.length);
        if (next) {
            choose(next.tab.name);
            next.press.focus();
        }
    });
    list.append(...made.map(({ press }) => press));
    const whole = element("div", {}, list, ...made.map(({ panel }) => panel));
    // panels are measured when they are filled, so that they have to be in the page by then
    queueMicrotask(() =>
        choose(all.some(({ name }) => name === first) ? first : (all[0]?.name ?? "")),
    );
    return whole;
}
