// What IRIs are called, and where they lead: asked of the server, some at a time, and kept.

const MOST_AT_ONCE = 500;

export class Names {
    private known = new Map<string, string>();
    private version = "";

    /** `base` is what all IRIs of ours begin with, empty where the data are not ours. */
    constructor(private readonly base: string) {}

    /** What an IRI is called, or the IRI itself as long as that is not known. */
    of(iri: string): string {
        return this.known.get(iri) ?? iri;
    }

    /** Where a link to an IRI leads; undefined where that is not the web. */
    addressOf(iri: string): string | undefined {
        if (this.base && iri.startsWith(this.base)) {
            return `/${iri.slice(this.base.length).replace(/^[/\\]+/, "")}`;
        }
        return /^https?:\/\//.test(iri) ? iri : undefined;
    }

    /** Take what IRIs are called in a version, as the page already says it. */
    take(told: Readonly<Record<string, string>>, version: string): void {
        this.version = version;
        this.known = new Map(Object.entries(told));
    }

    /** Learn what IRIs are called in a version; whether anything new was learnt. */
    async learn(iris: Iterable<string>, version: string): Promise<boolean> {
        if (version !== this.version) {
            this.version = version;
            this.known = new Map();
        }
        const unknown = [...new Set(iris)].filter((iri) => !this.known.has(iri));
        for (let start = 0; start < unknown.length; start += MOST_AT_ONCE) {
            const body = new URLSearchParams(
                unknown.slice(start, start + MOST_AT_ONCE).map((iri) => ["iri", iri]),
            );
            body.set("version", version);
            const address = `/sparql/names?lang=${document.documentElement.lang}`;
            try {
                const response = await fetch(address, { method: "POST", body });
                if (!response.ok) {
                    return false;
                }
                const told = (await response.json()) as Record<string, string>;
                for (const [iri, name] of Object.entries(told)) {
                    this.known.set(iri, name);
                }
            } catch {
                return false; // the IRIs say it, too
            }
        }
        return unknown.length > 0;
    }
}
