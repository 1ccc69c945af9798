// The choice between light and dark, which a cookie keeps for the next page.

const YEAR = 365 * 24 * 60 * 60;

export const THEME_CHANGED = "themechange";

export function isDark(): boolean {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** The colour that a variable of the style sheet has now, for what is drawn on a canvas. */
export function colour(variable: string): string {
    const probe = document.createElement("span");
    probe.style.color = `var(${variable})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
}

export function chooseTheme(): void {
    for (const link of document.querySelectorAll<HTMLElement>("[data-theme-choice]")) {
        link.addEventListener("click", (event) => {
            event.preventDefault();
            const chosen = link.dataset.themeChoice ?? "light";
            document.documentElement.dataset.theme = chosen;
            // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere
            document.cookie = `theme=${chosen}; path=/; max-age=${YEAR}; samesite=lax`;
            document.dispatchEvent(new Event(THEME_CHANGED));
        });
    }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
        document.dispatchEvent(new Event(THEME_CHANGED));
    });
}
